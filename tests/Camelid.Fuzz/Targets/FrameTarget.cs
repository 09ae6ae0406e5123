using System.Buffers.Binary;
using Camelid.Protocol;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Tests.Peers;

namespace Camelid.Fuzz.Targets;

/// <summary>
/// Whole frames: as they are, or with length and checksum put right, so that changes reach what lies behind them.
/// </summary>
internal sealed class FrameTarget(bool isRepaired) : IFuzzTarget
{
    /// <inheritdoc/>
    public string Name => isRepaired ? "frame-repaired" : "frame";

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers =>
        ["PeerFrame.Read", "PeerFrame.ReadHeader", "PeerFrame.ReadBody", "PeerCommands.TryRead"];

    /// <inheritdoc/>
    public FuzzAllowance Allowance => FuzzAllowance.Decoder;

    /// <inheritdoc/>
    public IEnumerable<byte[]> Samples() => PeerSamples.All.Select(message =>
        PeerFrame.Encode(new PeerPacket(PeerSamples.Id(3), PeerSamples.Id(4), 5, message), Network.Regtest));

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        byte[] frame = input.ToArray();
        if (isRepaired && frame.Length > PeerFrame.HeaderBytes)
        {
            Span<byte> body = frame.AsSpan(PeerFrame.HeaderBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(frame, Network.Regtest.Magic);
            BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(16), (uint)body.Length);
            Hashes.Sha256d(body).ToBytes().AsSpan(0, 4).CopyTo(frame.AsSpan(20));
        }

        RuleCode code = PeerFrame.Read(frame, Network.Regtest, out PeerPacket? packet);
        FuzzFault.Require(code != RuleCode.Unset, "a frame was not judged");
        FuzzFault.Require(code == RuleCode.Accepted == (packet is not null), "the code and the packet disagree");
        if (packet is null)
        {
            return false;
        }

        FuzzFault.Require(PeerFrame.Encode(packet, Network.Regtest).AsSpan().SequenceEqual(frame), "not written again");
        return true;
    }
}
