using Camelid.Chain.Storage;
using Camelid.Protocol;

namespace Camelid.Chain;

/// <summary>Configuration section <c>Chain</c>.</summary>
internal sealed record ChainOptions
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Chain";

    /// <summary>
    /// Regtest: true on the node that mines, on demand; it is the only one with coins to begin with.
    /// </summary>
    public bool Mine { get; init; } = true;

    /// <summary>
    /// Regtest: true lets a node that mines pay each neighbour once that asks for coin, and one that does not mine ask,
    /// and make its stakes and deposits of what it has (rule P-66).
    /// </summary>
    public bool Faucet { get; init; } = true;

    /// <summary>
    /// Main and test: threads that mine from the start, 0 to 256; none unless asked for. They can be started and
    /// stopped at any time.
    /// </summary>
    public int MinerThreads { get; init; }

    /// <summary>False leaves the client without deposits: each paid request is answered 402.</summary>
    public bool FundClient { get; init; } = true;

    /// <summary>Deposits kept in the client's pool: as many jobs may be open at once.</summary>
    public int DepositCount { get; init; } = 32;

    /// <summary>Coin in a new deposit, in grains; half of it may pay for one job.</summary>
    public long DepositGrains { get; init; } = Amount.GrainsPerCoin;

    /// <summary>Coin in each stake, in grains.</summary>
    public long StakeGrains { get; init; } = 2 * Amount.GrainsPerCoin;

    /// <summary>
    /// Pause after each block, in milliseconds: 0 settles fastest; more lets a demonstration see each state of a
    /// payment.
    /// </summary>
    public int BlockPauseMilliseconds { get; init; }

    /// <summary>Fee of a transaction that funds roles, in grains.</summary>
    public long FundingFeeGrains { get; init; } = 10_000;

    /// <summary>
    /// Rule M-04: the least price of a transaction that this node lets wait and passes on, in grains per 1,000 bytes.
    /// A job of 10,000 grains pays far more; the smallest sensible one, 200 grains, pays five times as much.
    /// </summary>
    public int RelayFeeGrainsPerKilobyte { get; init; } = 100;

    /// <summary>Rule M-11: memory for waiting transactions, in millions of bytes.</summary>
    public int MempoolMegabytes { get; init; } = 100;

    /// <summary>Rule M-13: hours that a transaction waits.</summary>
    public int MempoolExpiryHours { get; init; } = 336;

    /// <summary>False starts a regtest node without a wallet where there is none, so that one is restored.</summary>
    public bool CreateWallet { get; init; } = true;

    /// <summary>
    /// File (mode 0600) with the wallet's passphrase: it is unlocked at the start, for good. Empty: it starts locked.
    /// </summary>
    public string PassphraseFile { get; init; } = "";

    /// <summary>Rule C-38: megabytes of blocks and undo data that are kept, at least 64; 0 keeps all.</summary>
    public int PruneMegabytes { get; init; }

    /// <summary>False checks at start only the last blocks; damage is found when it is read.</summary>
    public bool CheckAllAtStart { get; init; } = true;

    /// <summary>The same in bytes.</summary>
    internal long PruneBytes => PruneMegabytes <= 0 ? 0 : (long)Math.Max(PruneMegabytes, PruneMegabytesMin) << 20;

    private const int PruneMegabytesMin = 64;

    /// <summary>What the store is to know: a pruned one has shorter files, to remove less at once.</summary>
    internal ChainStoreOptions ToStoreOptions() => new()
    {
        CheckAllAtStart = CheckAllAtStart,
        SegmentBytesMax = PruneBytes == 0 ? 128L << 20 : Math.Clamp(PruneBytes / 16, 4L << 20, 128L << 20),
    };
}
