using System.Buffers.Binary;

namespace Camelid.Protocol.Peers;

/// <summary>The first 24 bytes of a frame, judged before anything more is read or allocated.</summary>
/// <param name="Command">What follows.</param>
/// <param name="BodyBytes">Bytes that follow: an envelope within the bound of its command.</param>
/// <param name="Checksum">The first four bytes of SHA256d of them, as a little-endian number.</param>
public readonly record struct PeerFrameHeader(PeerCommand Command, int BodyBytes, uint Checksum);

/// <summary>
/// Rule P-02: a frame is magic (4) ‖ command (12) ‖ length (4) ‖ checksum (4) ‖ body; the body is the envelope of
/// <see cref="PeerPacket"/>. One packet has one frame: what <see cref="Encode"/> would not write is refused.
/// </summary>
public static class PeerFrame
{
    /// <summary>Bytes before the body.</summary>
    public const int HeaderBytes = 4 + PeerCommands.NameBytes + 4 + 4;

    /// <summary>The largest body of any command: what a connection must be able to hold.</summary>
    public static int BodyBytesMax { get; } =
        PeerPacket.HeadBytes + PeerCommands.All.Max(command => command.PayloadBytesMax());

    /// <summary>
    /// Rules P-02 and P-03: reads exactly 24 bytes; <c>Accepted</c>, or why the connection ends here.
    /// </summary>
    /// <exception cref="ArgumentException">There are not exactly 24 bytes.</exception>
    public static RuleCode ReadHeader(ReadOnlySpan<byte> bytes, Network network, out PeerFrameHeader header)
    {
        header = default;
        if (bytes.Length != HeaderBytes)
        {
            throw new ArgumentException($"a frame begins with {HeaderBytes} bytes, not {bytes.Length}", nameof(bytes));
        }

        CanonicalReader reader = new(bytes);
        if (reader.UInt32() != network.Magic)
        {
            return RuleCode.PeerMagic;
        }

        if (!PeerCommands.TryRead(reader.Raw(PeerCommands.NameBytes), out PeerCommand command))
        {
            return RuleCode.PeerCommandForm;
        }

        uint length = reader.UInt32();
        if (length < PeerPacket.HeadBytes || length > (uint)(PeerPacket.HeadBytes + command.PayloadBytesMax()))
        {
            return RuleCode.PeerFrameBytes;
        }

        header = new PeerFrameHeader(command, (int)length, reader.UInt32());
        return RuleCode.Accepted;
    }

    /// <summary>
    /// Rules P-02 and P-04: checks length and checksum, then reads the envelope and its message. A command that is not
    /// known yields <see cref="RuleCode.PeerUnknownCommand"/>: the frame is passed over, the connection goes on.
    /// </summary>
    public static RuleCode ReadBody(PeerFrameHeader header, ReadOnlySpan<byte> body, out PeerPacket? packet)
    {
        packet = null;
        if (body.Length != header.BodyBytes)
        {
            return RuleCode.PeerFrameBytes;
        }

        return Checksum(body) != header.Checksum
            ? RuleCode.PeerChecksum
            : PeerPacket.Decode(header.Command, body, out packet);
    }

    /// <summary>Reads one whole frame; for files and tests, where all of it is there.</summary>
    public static RuleCode Read(ReadOnlySpan<byte> frame, Network network, out PeerPacket? packet)
    {
        packet = null;
        if (frame.Length < HeaderBytes)
        {
            return RuleCode.PeerFrameBytes;
        }

        RuleCode code = ReadHeader(frame[..HeaderBytes], network, out PeerFrameHeader header);
        return code == RuleCode.Accepted ? ReadBody(header, frame[HeaderBytes..], out packet) : code;
    }

    /// <summary>The frame of a packet, header included.</summary>
    /// <exception cref="ArgumentException">The payload is above the bound of its command.</exception>
    public static byte[] Encode(PeerPacket packet, Network network)
    {
        byte[] body = packet.EncodeBody();
        PeerCommand command = packet.Message.Command;
        if (body.Length > PeerPacket.HeadBytes + command.PayloadBytesMax())
        {
            throw new ArgumentException($"{command.Name()} has {body.Length} bytes, too many", nameof(packet));
        }

        CanonicalWriter writer = new();
        writer.UInt32(network.Magic);
        PeerCommands.Write(writer, command);
        return writer.UInt32((uint)body.Length).UInt32(Checksum(body)).Raw(body).ToArray();
    }

    private static uint Checksum(ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[Hash256.Bytes];
        Hashes.Sha256d(body).CopyTo(hash);
        return BinaryPrimitives.ReadUInt32LittleEndian(hash);
    }
}
