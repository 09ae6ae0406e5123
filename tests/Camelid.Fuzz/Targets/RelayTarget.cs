using Camelid.Protocol;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Tests.Peers;
using Camelid.Protocol.Tests.Transactions;

namespace Camelid.Fuzz.Targets;

/// <summary>
/// The relay rule on packets that strangers made: nothing that its sender did not sign is delivered or sent on.
/// </summary>
internal sealed class RelayTarget : IFuzzTarget
{
    private static readonly RelayStanding Standing = new()
    {
        Self = PeerSamples.Id(1),
        From = PeerSamples.Id(2),
        Neighbours = [.. Enumerable.Range(2, 10).Select(key => new RelayNeighbour(PeerSamples.Id((byte)key), true))],
        Seen = new HashSet<Hash256>(),
        Now = PeerSamples.Now,
        Genesis = PeerSamples.Genesis,
    };

    private static readonly byte[][] Signed =
        [.. new[] { 1, 5, 99 }.Select(to => PeerSamples.Relay(3, PeerSamples.Id((byte)to)).EncodeBody())];

    /// <inheritdoc/>
    public string Name => "relay-rule";

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers => ["PeerPacket.Decode"];

    /// <inheritdoc/>
    public FuzzAllowance Allowance => FuzzAllowance.Decoder;

    /// <inheritdoc/>
    IEnumerable<byte[]> IFuzzTarget.Samples() => Signed;

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        if (PeerPacket.Decode(PeerCommand.Relay, input, out PeerPacket? packet) != RuleCode.Accepted)
        {
            return false;
        }

        RelayDecision decision = RelayRule.Decide(packet!, Standing, Samples.Curve);
        if (decision.Code != RuleCode.Accepted)
        {
            FuzzFault.Require(!decision.Deliver && decision.Targets.Count == 0, "a refused message was sent on");
            return false;
        }

        FuzzFault.Require(IsSigned(packet!), "a message that nobody signed was accepted");
        FuzzFault.Require(decision.Targets.Count <= RelayRule.FanOutMax, "too many targets");
        FuzzFault.Require(!decision.Targets.Contains(Standing.From), "sent back");
        FuzzFault.Require(decision.Onward is null || decision.Onward.HopsLeft == packet!.HopsLeft - 1, "hops");
        return true;
    }

    /// <summary>Equal to one of the signed packets in all but the hops.</summary>
    private static bool IsSigned(PeerPacket packet)
    {
        byte[] body = (packet with { HopsLeft = PeerPacket.HopsMax }).EncodeBody();
        return Signed.Any(signed => signed.AsSpan().SequenceEqual(body));
    }
}
