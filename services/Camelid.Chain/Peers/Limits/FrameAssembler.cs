using System.Buffers;
using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers.Limits;

/// <summary>
/// Rule P-31: makes frames out of the bytes of a connection, in whatever pieces they come. The head of a frame is
/// judged before a byte of its body is kept, and the buffer grows with what came, not with what was announced.
/// </summary>
internal sealed class FrameAssembler(Network network) : IDisposable
{
    private const int BufferBytesMin = 4_096;

    private readonly byte[] head = new byte[PeerFrame.HeaderBytes];
    private int headBytes;
    private PeerFrameHeader header;
    private byte[]? body;
    private int bodyBytes;

    /// <summary>True where a frame has begun and is not complete.</summary>
    public bool IsInside => headBytes > 0;

    /// <summary>Bytes that the unfinished frame occupies.</summary>
    public int BufferedBytes => body?.Length ?? 0;

    /// <summary>Bytes that the unfinished frame will have, its head included, as far as is known.</summary>
    public int ExpectedBytes => PeerFrame.HeaderBytes + (headBytes == head.Length ? header.BodyBytes : 0);

    /// <summary>The head of the frame that was judged last.</summary>
    public PeerFrameHeader Header => header;

    /// <summary>Takes bytes until a frame is complete.</summary>
    /// <param name="bytes">What came; what was taken is cut off.</param>
    /// <param name="admit">Judges the head of a frame before its body is kept.</param>
    /// <param name="packet">What the frame holds, where the verdict is <c>Accepted</c>.</param>
    /// <returns>
    /// <c>Unset</c> where more bytes are needed; <c>Accepted</c> with a packet; else why a frame is refused.
    /// </returns>
    public RuleCode Next(
        ref ReadOnlySpan<byte> bytes, Func<PeerFrameHeader, RuleCode> admit, out PeerPacket? packet)
    {
        packet = null;
        if (headBytes < head.Length)
        {
            int taken = Math.Min(head.Length - headBytes, bytes.Length);
            bytes[..taken].CopyTo(head.AsSpan(headBytes));
            bytes = bytes[taken..];
            headBytes += taken;
            if (headBytes < head.Length)
            {
                return RuleCode.Unset;
            }

            RuleCode code = PeerFrame.ReadHeader(head, network, out header);
            code = code == RuleCode.Accepted ? admit(header) : code;
            if (code != RuleCode.Accepted)
            {
                return code;
            }
        }

        if (bodyBytes == 0 && bytes.Length >= header.BodyBytes)
        {
            ReadOnlySpan<byte> whole = bytes[..header.BodyBytes];
            bytes = bytes[header.BodyBytes..];
            headBytes = 0;
            return PeerFrame.ReadBody(header, whole, out packet);
        }

        Keep(ref bytes);
        if (bodyBytes < header.BodyBytes)
        {
            return RuleCode.Unset;
        }

        RuleCode verdict = PeerFrame.ReadBody(header, body.AsSpan(0, bodyBytes), out packet);
        Clear();
        return verdict;
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    private void Keep(ref ReadOnlySpan<byte> bytes)
    {
        int taken = Math.Min(header.BodyBytes - bodyBytes, bytes.Length);
        if (body is null || body.Length < bodyBytes + taken)
        {
            int doubled = Math.Max(BufferBytesMin, Math.Max(bodyBytes + taken, (body?.Length ?? 0) * 2));
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Min(header.BodyBytes, doubled));
            body.AsSpan(0, bodyBytes).CopyTo(larger);
            Return();
            body = larger;
        }

        bytes[..taken].CopyTo(body.AsSpan(bodyBytes));
        bytes = bytes[taken..];
        bodyBytes += taken;
    }

    private void Clear()
    {
        Return();
        bodyBytes = 0;
        headBytes = 0;
    }

    private void Return()
    {
        if (body is not null)
        {
            ArrayPool<byte>.Shared.Return(body);
            body = null;
        }
    }
}
