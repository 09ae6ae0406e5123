using System.Collections.Frozen;

namespace Camelid.Protocol.Peers;

/// <summary>
/// Rule P-17: what a refusal costs the peer whose message it was. With <see cref="PointsMax"/> points it is
/// discouraged.
/// </summary>
/// <remarks>
/// <para>
/// A fault is what no honest node of this version can send whatever it knows: bytes that its encoder would not write, a
/// transaction or block that breaks a rule by itself, an answer to no question. One is enough.
/// </para>
/// <para>
/// No fault is what depends on where a node stands: its tip, its clock, its mempool, its network, its version, or what
/// this node's operator has set aside. Were it counted, a reorg or a slow clock would tear honest nodes apart, and a
/// stranger could have them blamed for what he made them pass on.
/// </para>
/// <para>A code that is in neither list costs nothing: limits on rate and memory hold for everybody.</para>
/// </remarks>
public static class Misbehaviour
{
    /// <summary>From so many points on a peer is discouraged.</summary>
    public const int PointsMax = 100;

    /// <summary>A transaction breaks a rule whatever the chain is.</summary>
    private static readonly RuleCode[] TransactionFaults =
    [
        RuleCode.TransactionWithoutInputs, RuleCode.TransactionWithoutOutputs, RuleCode.TransactionTooLarge,
        RuleCode.OutputsAboveSupply, RuleCode.DuplicateInput, RuleCode.EmptyOutPoint, RuleCode.TransactionVersion,
        RuleCode.OutputsAboveInputs, RuleCode.RelativeLockInSeconds, RuleCode.CoinbaseOutsideBlock,
        RuleCode.JobWithoutId, RuleCode.JobInputs, RuleCode.JobLockTimeKind, RuleCode.JobSequence,
        RuleCode.JobHashType, RuleCode.JobOutput, RuleCode.JobPaymentAboveHalf, RuleCode.JobFee,
        RuleCode.JobRefundTooEarly, RuleCode.JobUnsigned,
    ];

    /// <summary>A script fails whatever the chain is.</summary>
    private static readonly RuleCode[] ScriptFaults =
    [
        RuleCode.ScriptFalse, RuleCode.ScriptUnknownOpcode, RuleCode.ScriptTruncatedPush, RuleCode.ScriptNotMinimal,
        RuleCode.ScriptLimit, RuleCode.ScriptStackEmpty, RuleCode.ScriptUnbalancedIf,
        RuleCode.ScriptSelectorNotMinimal, RuleCode.ScriptVerifyFailed, RuleCode.ScriptStackNotClean,
        RuleCode.ScriptNotPushOnly, RuleCode.ScriptPublicKey, RuleCode.ScriptHashType, RuleCode.ScriptSignature,
        RuleCode.ScriptSingleOutOfRange, RuleCode.ScriptLockTime, RuleCode.ScriptSequence, RuleCode.ScriptNumber,
        RuleCode.ScriptDisabledOpcode, RuleCode.ScriptReturn, RuleCode.ScriptSignatureForm,
        RuleCode.ScriptSignatureHighS, RuleCode.ScriptDummyNotEmpty, RuleCode.ScriptSignatureCount,
        RuleCode.ScriptKeyCount, RuleCode.ScriptAltStackEmpty, RuleCode.ScriptCodeSeparator,
        RuleCode.ScriptHoldsSignature,
    ];

    /// <summary>A header or block breaks a rule in the one place that it can have.</summary>
    private static readonly RuleCode[] BlockFaults =
    [
        RuleCode.BlockWithoutTransactions, RuleCode.BlockTooLarge, RuleCode.FirstNotCoinbase, RuleCode.SecondCoinbase,
        RuleCode.MerkleRootMismatch, RuleCode.MerkleTreeMutated, RuleCode.TooManySignatureOperations,
        RuleCode.ProofOfWorkTooLow, RuleCode.WrongBits, RuleCode.BlockTimeTooEarly, RuleCode.CoinbaseClaimsTooMuch,
        RuleCode.CoinbaseHeightOrNetwork, RuleCode.CoinbaseScriptBytes, RuleCode.CoinbaseWithJob,
    ];

    /// <summary>
    /// Bytes that no node of this version writes, a name that is not the sender's, an unasked answer.
    /// </summary>
    private static readonly RuleCode[] MessageFaults =
    [
        RuleCode.PeerMagic, RuleCode.PeerCommandForm, RuleCode.PeerFrameBytes, RuleCode.PeerChecksum,
        RuleCode.PeerEnvelopeForm, RuleCode.PeerMessageForm, RuleCode.PeerWrongAddressee, RuleCode.PeerKeyUnproved,
        RuleCode.RelayForm, RuleCode.RelaySignature, RuleCode.CompactBlockAnswer,
    ];

    /// <summary>
    /// An announcement or offer that nobody may have signed so, or that names a transaction that is not about it.
    /// </summary>
    private static readonly RuleCode[] MarketFaults =
    [
        RuleCode.MarketForm, RuleCode.MarketOtherNetwork, RuleCode.MarketSignature, RuleCode.OfferOtherJob,
        RuleCode.OfferDeposit, RuleCode.OfferLockTime, RuleCode.OfferMoney,
    ];

    private static readonly RuleCode[] NoFaults =
    [
        RuleCode.Unset, RuleCode.Accepted,

        // The peer's tip, mempool or clock is another; a verdict may be disconnected.
        RuleCode.MissingInput, RuleCode.CoinbaseImmature, RuleCode.NotFinal, RuleCode.RelativeLockNotPassed,
        RuleCode.OutputExists, RuleCode.JobTooEarly, RuleCode.JobDepositUnconfirmed, RuleCode.NoVerdict,
        RuleCode.WrongPreviousBlock, RuleCode.BlockTimeTooLate, RuleCode.BlockUnknown, RuleCode.RelayTime,

        // This node's operator may be the cause.
        RuleCode.BlockRefusedBefore, RuleCode.ParentRefused, RuleCode.GenesisStays,

        // Another network or version, or ourselves: the connection ends, and nobody lied.
        RuleCode.PeerOtherNetwork, RuleCode.PeerIsSelf, RuleCode.PeerVersionTooOld, RuleCode.PeerUnknownCommand,

        // What spreads over many paths comes more than once, and may have come too far.
        RuleCode.RelaySeen, RuleCode.RelayNoHopsLeft, RuleCode.RelayTooLargeToSpread,

        // Short ids are short.
        RuleCode.CompactBlockAmbiguous,

        // The peer's clock, chain or table is another; what a message is, its sender says, not who passes it on.
        RuleCode.MarketTime, RuleCode.MarketExpired, RuleCode.MarketStakeUnknown, RuleCode.MarketStakeOther,
        RuleCode.MarketOutdated, RuleCode.MarketFull, RuleCode.OfferTransactionUnknown, RuleCode.MessagePartForm,
        RuleCode.MessagePartContradicts, RuleCode.MessagePartsTooMany, RuleCode.MessageUnwanted,
    ];

    private static readonly FrozenSet<RuleCode> Faults =
        TransactionFaults.Concat(ScriptFaults).Concat(BlockFaults).Concat(MessageFaults).Concat(MarketFaults)
            .ToFrozenSet();

    /// <summary>True where the code was thought about: it is in one of the lists.</summary>
    public static bool IsJudged(RuleCode code) => Faults.Contains(code) || NoFaults.Contains(code);

    /// <summary>Rule P-17: the points that a refusal costs: 100 for a fault, else none.</summary>
    /// <remarks>
    /// The caller leaves out what BIP152 excuses: a block pushed as a compact block was passed on by its header alone.
    /// </remarks>
    public static int Points(RuleCode code) => Faults.Contains(code) ? PointsMax : 0;
}
