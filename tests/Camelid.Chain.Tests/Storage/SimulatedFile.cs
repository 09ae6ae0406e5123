namespace Camelid.Chain.Tests.Storage;

/// <summary>
/// A file of a <see cref="SimulatedDisk"/>: what a process sees, what is durable, and what lies between.
/// </summary>
internal sealed class SimulatedFile(SimulatedDisk disk, string name)
{
    private const int SectorBytes = 512;

    private readonly List<Change> unflushed = [];
    private readonly GrowingBytes durable = new();

    /// <summary>What a process sees.</summary>
    public GrowingBytes Content { get; private set; } = new();

    /// <inheritdoc/>
    public override string ToString() => disk.PathOf(name);

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        Content.Write(bytes, offset);
        unflushed.Add(new Change(offset, bytes.ToArray()));
    }

    public void SetLength(long length)
    {
        Content.SetLength(length);
        unflushed.Add(new Change(length, null));
    }

    public void MakeDurable()
    {
        unflushed.ForEach(change => change.ApplyTo(durable));
        unflushed.Clear();
    }

    /// <summary>Sets the durable bytes.</summary>
    public void MakeDurable(ReadOnlySpan<byte> bytes)
    {
        durable.SetLength(0);
        durable.Write(bytes, 0);
    }

    public void Flip(long offset, int bit)
    {
        Content.Flip(offset, bit);
        if (offset < durable.Length)
        {
            durable.Flip(offset, bit);
        }
    }

    /// <summary>What is left after a power cut becomes what there is.</summary>
    public void LosePower(Random random)
    {
        switch (random.Next(4))
        {
            case 0:
                break;
            case 1:
                unflushed.ForEach(change => change.ApplyTo(durable));
                break;
            case 2:
                KeepPrefix(random);
                break;
            default:
                KeepSectors(random);
                break;
        }

        unflushed.Clear();
        Content = new GrowingBytes();
        Content.Write(durable.ToArray(), 0);
    }

    private void KeepPrefix(Random random)
    {
        int whole = random.Next(unflushed.Count + 1);
        unflushed.Take(whole).ToList().ForEach(change => change.ApplyTo(durable));
        if (whole < unflushed.Count && unflushed[whole] is { Bytes: { } bytes } torn)
        {
            durable.Write(bytes.AsSpan(0, random.Next(bytes.Length + 1)), torn.Offset);
        }
    }

    /// <summary>
    /// Lengths are kept, sectors are not: what lies in a longer file and never came to the disk is zero or garbage.
    /// </summary>
    private void KeepSectors(Random random)
    {
        foreach (Change change in unflushed)
        {
            if (change.Bytes is not { } bytes)
            {
                change.ApplyTo(durable);
                continue;
            }

            long end = change.Offset + bytes.Length;
            for (long at = change.Offset; at < end;)
            {
                long next = Math.Min(end, ((at / SectorBytes) + 1) * SectorBytes);
                byte[] sector = bytes[(int)(at - change.Offset)..(int)(next - change.Offset)];
                if (random.Next(2) == 0)
                {
                    durable.Write(sector, at);
                }
                else if (next > durable.Length)
                {
                    long from = Math.Max(at, durable.Length);
                    byte[] lost = new byte[next - from];
                    if (random.Next(2) == 0)
                    {
                        random.NextBytes(lost);
                    }

                    durable.Write(lost, from);
                }

                at = next;
            }
        }
    }

    /// <summary>Bytes written at an offset, or, without bytes, a length that was set.</summary>
    private sealed record Change(long Offset, byte[]? Bytes)
    {
        public void ApplyTo(GrowingBytes target)
        {
            if (Bytes is null)
            {
                target.SetLength(Offset);
            }
            else
            {
                target.Write(Bytes, Offset);
            }
        }
    }
}

/// <summary>An array that grows where it is written.</summary>
internal sealed class GrowingBytes
{
    private byte[] bytes = [];

    public int Length { get; private set; }

    public int Read(Span<byte> destination, long offset)
    {
        int count = (int)Math.Clamp(Length - offset, 0, destination.Length);
        bytes.AsSpan((int)Math.Min(offset, Length), count).CopyTo(destination);
        return count;
    }

    public void Write(ReadOnlySpan<byte> source, long offset)
    {
        if (offset + source.Length > Length)
        {
            SetLength(offset + source.Length);
        }

        source.CopyTo(bytes.AsSpan((int)offset));
    }

    public void SetLength(long length)
    {
        if (length > bytes.Length)
        {
            Array.Resize(ref bytes, (int)Math.Max(length, 2L * bytes.Length));
        }

        if (length < Length)
        {
            bytes.AsSpan((int)length, Length - (int)length).Clear();
        }

        Length = (int)length;
    }

    public void Flip(long offset, int bit) => bytes[offset] ^= (byte)(1 << bit);

    public byte[] ToArray() => bytes[..Length];
}
