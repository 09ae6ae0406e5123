namespace Camelid.Chain.Storage;

/// <summary>Reads a file in large pieces while a scan goes over it in small ones.</summary>
internal sealed class ScanWindow(IStorageFile file)
{
    private const int WindowBytes = 1 << 18;

    private byte[] bytes = new byte[WindowBytes];
    private long start;
    private int count;

    /// <summary>Bytes in the file.</summary>
    public long Length { get; } = file.Length;

    /// <summary>True once the disk refused to give what is in the file.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Bytes of the file, valid until the next call.</summary>
    /// <returns>Empty where the file ends before, or cannot be read there.</returns>
    public ReadOnlyMemory<byte> Read(long offset, int wanted)
    {
        if (offset >= start && offset + wanted <= start + count)
        {
            return bytes.AsMemory((int)(offset - start), wanted);
        }

        if (offset + wanted > Length)
        {
            return default;
        }

        int most = (int)Math.Min(Math.Max(wanted, WindowBytes), Length - offset);
        bytes = bytes.Length >= most ? bytes : new byte[most];
        start = offset;
        count = 0;
        return TryFill(most) || TryFill(wanted) ? bytes.AsMemory(0, wanted) : default;
    }

    /// <summary>The offset of the first such bytes in a part of the file, or -1.</summary>
    public long Find(ReadOnlySpan<byte> pattern, long from, long limit)
    {
        for (long at = from; at + pattern.Length <= limit;)
        {
            int piece = (int)Math.Min(WindowBytes, limit - at);
            ReadOnlySpan<byte> span = Read(at, piece).Span;
            int found = span.IndexOf(pattern);
            if (found >= 0)
            {
                return at + found;
            }

            at += piece == limit - at ? piece : piece - pattern.Length + 1;
        }

        return -1;
    }

    /// <summary>A window may reach into a bad part of the disk where what is wanted lies before it.</summary>
    private bool TryFill(int wanted)
    {
        try
        {
            count = file.TryReadFully(bytes.AsSpan(0, wanted), start) ? wanted : 0;
        }
        catch (IOException)
        {
            HasFailed = true;
            count = 0;
        }

        return count == wanted;
    }
}
