using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Mining;

/// <summary>What a round of a miner came to.</summary>
internal enum MiningOutcome
{
    /// <summary>No nonce of the batch reached the target.</summary>
    Nothing,

    /// <summary>A block was found, and taken.</summary>
    Accepted,

    /// <summary>A block was found, and another one was there before it.</summary>
    Stale,

    /// <summary>A block was found, and broke a rule: a fault of ours.</summary>
    Refused,

    /// <summary>The next block's time is too far ahead of the clock to be mined now.</summary>
    TooEarly,
}

/// <summary>A round's outcome.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="Tried">Nonces tried.</param>
/// <param name="Block">The block, where one was found.</param>
/// <param name="Code">The verdict on it.</param>
internal readonly record struct MiningResult(
    MiningOutcome Outcome, long Tried = 0, Block? Block = null, RuleCode Code = RuleCode.Unset);

/// <summary>
/// Rules M-32 and M-34: one batch of nonces on what is to be mined now. The tip is asked before each batch, so no more
/// than a batch is spent on a stale one; a block that would be ahead of the clock by more than nodes accept is waited
/// for.
/// </summary>
/// <param name="source">Says what to mine.</param>
/// <param name="submit">Takes a block, and says whether it is the tip now.</param>
/// <param name="network">The network.</param>
/// <param name="time">The clock that the header's time follows.</param>
internal sealed class MiningRound(
    IBlockTemplateSource source, Func<Block, (RuleCode Code, bool IsTip)> submit, Network network, TimeProvider time)
{
    /// <summary>Nonces in a batch: about a hundredth of a second by AVX-512, a quarter of one at the slowest.</summary>
    public const uint BatchNonces = 1 << 18;

    /// <summary>Tries a batch.</summary>
    /// <param name="walk">The walk of the calling thread.</param>
    public MiningResult Run(MiningWalk walk)
    {
        MiningTemplate template = source.Current();
        uint now = (uint)time.GetUtcNow().ToUnixTimeSeconds();
        if (template.TimeAt(now) > now + network.BlockTimeAheadSecondsMax)
        {
            return new MiningResult(MiningOutcome.TooEarly);
        }

        MiningStep step = walk.Step(template, now, BatchNonces);
        if (step.Found is not { } block)
        {
            return new MiningResult(MiningOutcome.Nothing, step.Tried);
        }

        // What an operator has set aside meanwhile is no fault of the block.
        (RuleCode code, bool isTip) = submit(block);
        if (code is not (RuleCode.Accepted or RuleCode.ParentRefused))
        {
            source.Refuse(template);
            return new MiningResult(MiningOutcome.Refused, step.Tried, block, code);
        }

        return new MiningResult(isTip ? MiningOutcome.Accepted : MiningOutcome.Stale, step.Tried, block, code);
    }
}
