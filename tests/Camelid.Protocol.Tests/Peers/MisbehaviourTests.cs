using Camelid.Protocol.Peers;

namespace Camelid.Protocol.Tests.Peers;

/// <summary>Rule P-17: which refusals are a peer's fault.</summary>
public sealed class MisbehaviourTests
{
    /// <summary>
    /// Codes of the protocol library's own rules; those of services cost nothing unless they are listed.
    /// </summary>
    public static TheoryData<RuleCode> ProtocolCodes =>
        [.. Enum.GetValues<RuleCode>().Where(code => (int)code is < 124
            or (>= 200 and < 210) or (>= 260 and < 280) or (>= 340 and < 360))];

    [Theory]
    [MemberData(nameof(ProtocolCodes))]
    public void P_17_each_refusal_of_the_protocol_was_judged(RuleCode code) => Assert.True(Misbehaviour.IsJudged(code));

    [Theory]
    [InlineData(RuleCode.PeerMessageForm, 100)]
    [InlineData(RuleCode.RelaySignature, 100)]
    [InlineData(RuleCode.ScriptSignature, 100)]
    [InlineData(RuleCode.ProofOfWorkTooLow, 100)]
    [InlineData(RuleCode.MissingInput, 0)]
    [InlineData(RuleCode.BlockTimeTooLate, 0)]
    [InlineData(RuleCode.BlockRefusedBefore, 0)]
    [InlineData(RuleCode.RelaySeen, 0)]
    [InlineData(RuleCode.CompactBlockAmbiguous, 0)]
    [InlineData(RuleCode.Accepted, 0)]
    [InlineData((RuleCode)99_999, 0)]
    public void P_17_a_fault_costs_all_and_what_depends_on_the_node_costs_nothing(RuleCode code, int points) =>
        Assert.Equal(points, Misbehaviour.Points(code));
}
