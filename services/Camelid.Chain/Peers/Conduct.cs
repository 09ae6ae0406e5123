using Camelid.Protocol;
using Camelid.Protocol.Peers;

namespace Camelid.Chain.Peers;

/// <summary>
/// Rule P-32: what each fault costs. What a message is in itself, rule P-17 judges; what it is at its moment, this one:
/// 100 points for what no honest node does, fewer for what an old, a slow or an unlucky node may do now and then.
/// </summary>
internal static class Conduct
{
    private const int Rude = 20;
    private const int Odd = 5;
    private const int Eager = 1;

    /// <summary>The points of a verdict about something that a peer sent.</summary>
    public static int Points(RuleCode code) => code switch
    {
        RuleCode.PeerHeadersUnlinked or RuleCode.PeerHeadersFlood or RuleCode.PeerHeadersChanged
            => Misbehaviour.PointsMax,
        RuleCode.PeerHandshakeOrder or RuleCode.PeerHeadersUnconnected or RuleCode.PeerAsksTooMuch => Rude,
        RuleCode.PeerUnasked => Odd,
        RuleCode.PeerRelaysTooMuch => Eager,
        _ => Misbehaviour.Points(code),
    };

    /// <summary>
    /// The points of a block that was judged in its place. There every refusal is final, unless it is about this
    /// node's clock, the blocks that it has, or what its operator set aside.
    /// </summary>
    public static int PointsOfBlock(RuleCode code) => code switch
    {
        RuleCode.Accepted or RuleCode.Unset or RuleCode.BlockTimeTooLate or RuleCode.WrongPreviousBlock => 0,
        RuleCode.BlockRefusedBefore or RuleCode.ParentRefused => 0,
        _ => Misbehaviour.PointsMax,
    };
}
