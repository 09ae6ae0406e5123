using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Mempool;

/// <summary>
/// What a node lets wait, beyond what consensus asks: numbers that operators may set, and numbers that all nodes share
/// so that a transaction that one passes on is passed on by all.
/// </summary>
internal sealed record PoolPolicy
{
    /// <summary>Rule M-06: most transactions that hang together upwards, or downwards, itself included.</summary>
    public const int UnconfirmedMax = 25;

    /// <summary>Rule M-06: most bytes of those.</summary>
    public const int UnconfirmedBytesMax = 101_000;

    /// <summary>Rule M-08: most transactions that one replacement throws out.</summary>
    public const int ReplacedMax = 100;

    /// <summary>Rule M-05: how far ahead the lock time of a job transaction may be, in seconds: 14 days.</summary>
    public const uint LockTimeAheadSecondsMax = 14 * 24 * 3600;

    /// <summary>Rule M-03: most signature operations in a transaction and in the scripts that it spends.</summary>
    public const int SignatureOperationsMax = 4_000;

    /// <summary>
    /// Rule M-03: a signature operation takes the room of at least so many bytes. Without it, few bytes with many
    /// operations would use up the operations of a block and leave its bytes empty.
    /// </summary>
    public const int BytesPerSignatureOperation = 20;

    /// <summary>Rule M-15: most bytes of transactions that come back out of blocks that left the chain.</summary>
    public const long ReturningBytesMax = 20_000_000;

    /// <summary>Rule M-12: job transactions and redemptions are never pushed out below 1/4 of the room.</summary>
    public const int GuardedShare = 4;

    /// <summary>
    /// Rule M-02: an output is dust where its value is below what its own bytes and its spending cost at this price.
    /// Fixed, so that no operator's price makes another's outputs unspendable.
    /// </summary>
    public static FeeRate DustRate => new(300);

    /// <summary>Rule M-04: the least price of any transaction, and what a replacement adds for its own bytes.</summary>
    public FeeRate RelayRate { get; init; } = new(100);

    /// <summary>Rule M-11: room for waiting transactions, in bytes as <see cref="MemoryOf"/> counts.</summary>
    public long MemoryBytesMax { get; init; } = 100_000_000;

    /// <summary>Rule M-13: how long a transaction waits, from its arrival or from its lock time.</summary>
    public long ExpirySeconds { get; init; } = 336 * 3600;

    /// <summary>The policy that an operator's settings give.</summary>
    /// <exception cref="InvalidOperationException">A setting is out of range; the message names it.</exception>
    public static PoolPolicy From(ChainOptions options)
    {
        Check(options.RelayFeeGrainsPerKilobyte is >= 1 and <= 1_000_000, "RelayFeeGrainsPerKilobyte", "1 … 1,000,000");
        Check(options.MempoolMegabytes is >= 1 and <= 10_000, "MempoolMegabytes", "1 … 10,000");
        Check(options.MempoolExpiryHours is >= 1 and <= 8_760, "MempoolExpiryHours", "1 … 8,760");
        return new PoolPolicy
        {
            RelayRate = new FeeRate(options.RelayFeeGrainsPerKilobyte),
            MemoryBytesMax = options.MempoolMegabytes * 1_000_000L,
            ExpirySeconds = options.MempoolExpiryHours * 3600L,
        };
    }

    /// <summary>
    /// What a waiting transaction costs in memory, in bytes: its encoding, the decoded copy, and its places in the
    /// indexes. An upper estimate; the bound of the mempool counts by it.
    /// </summary>
    public static int MemoryOf(Transaction transaction) =>
        1_200 + (2 * transaction.ByteCount) + (200 * (transaction.Inputs.Count + transaction.Outputs.Count));

    /// <summary>Rule M-03: the bytes that a transaction pays for.</summary>
    public static int PricedBytes(Transaction transaction) => Math.Max(
        transaction.ByteCount, BytesPerSignatureOperation * SignatureOperations(transaction));

    /// <summary>Rule C-06: the operations that count against the block's limit: those in its own scripts.</summary>
    public static int SignatureOperations(Transaction transaction)
    {
        int count = 0;
        foreach (TxInput input in transaction.Inputs)
        {
            count += input.Script.SignatureOperationCount();
        }

        foreach (TxOutput output in transaction.Outputs)
        {
            count += output.Script.SignatureOperationCount();
        }

        return count;
    }

    private static void Check(bool isGood, string name, string range)
    {
        if (!isGood)
        {
            throw new InvalidOperationException($"{ChainOptions.Section}:{name} is not in {range}");
        }
    }
}
