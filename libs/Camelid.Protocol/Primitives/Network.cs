using System.Diagnostics;
using System.Text;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol;

/// <summary>
/// Rule C-04: what differs between <c>main</c>, <c>test</c> and <c>regtest</c>; all else is the same.
/// </summary>
/// <remarks>
/// The first target of <c>main</c> asks for 2^32 hashes, as Bitcoin's did: a laptop of 70 million nonces per second
/// finds a block each minute. From there on rule C-24 goes with the miners, down to 2^24 hashes. <c>test</c> begins
/// where any processor finds a block at once, at 2^16 hashes, its limit. <c>regtest</c> keeps its first target.
/// </remarks>
public sealed record Network
{
    /// <summary>The easiest target: about every second hash reaches it.</summary>
    public const uint EasiestBits = 0x207fffff;

    private readonly Lazy<Block> genesis;

    private Network() => genesis = new Lazy<Block>(() => MakeGenesis(this));

    /// <summary>The network of real coin.</summary>
    public static Network Main { get; } = new()
    {
        Name = "main",
        PeerPort = 8633,
        Magic = 0x4c4d43e3,
        AddressVersion = 0x00,
        WifVersion = 0x80,
        CoinType = 0,
        WindowSeconds = 600,
        CoinbaseMaturity = 100,
        GenesisBits = 0x1d00ffff,
        GenesisNonce = 3_388_854_330,
        LimitBits = 0x1e00ffff,
        GenesisTime = 1_767_225_600,
    };

    /// <summary>The public network for trials.</summary>
    public static Network Test { get; } = new()
    {
        Name = "test",
        PeerPort = 18633,
        Magic = 0x4c4d43e4,
        AddressVersion = 0x6f,
        WifVersion = 0xef,
        CoinType = 1,
        WindowSeconds = 600,
        CoinbaseMaturity = 100,
        GenesisBits = 0x1f00ffff,
        GenesisNonce = 6_419,
        LimitBits = 0x1f00ffff,
        GenesisTime = 1_767_225_600,
    };

    /// <summary>A private network with blocks on demand.</summary>
    public static Network Regtest { get; } = new()
    {
        Name = "regtest",
        PeerPort = 28633,
        Magic = 0x4c4d43e5,
        AddressVersion = 0x6f,
        WifVersion = 0xef,
        CoinType = 1,
        WindowSeconds = 10,
        CoinbaseMaturity = 10,
        GenesisBits = EasiestBits,
        GenesisNonce = 0,
        LimitBits = EasiestBits,
        HasFixedDifficulty = true,
        GenesisTime = 1_767_225_600,
    };

    /// <summary>
    /// A network for a simulation, never on a wire: regtest's numbers, and rule C-24 from a target so easy that it can
    /// be mined while a test runs.
    /// </summary>
    /// <param name="genesisBits">The first target.</param>
    /// <param name="windowSeconds">W.</param>
    internal static Network Simulated(uint genesisBits, uint windowSeconds = 10) => new()
    {
        Name = $"simulated-{genesisBits:x8}" + (windowSeconds == 10 ? "" : $"-{windowSeconds}"),
        PeerPort = Regtest.PeerPort,
        Magic = 0x4c4d43e6,
        AddressVersion = Regtest.AddressVersion,
        WifVersion = Regtest.WifVersion,
        CoinType = Regtest.CoinType,
        WindowSeconds = windowSeconds,
        CoinbaseMaturity = Regtest.CoinbaseMaturity,
        GenesisBits = genesisBits,
        LimitBits = EasiestBits,
        GenesisTime = Regtest.GenesisTime,
    };

    /// <summary><c>main</c>, <c>test</c> or <c>regtest</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The four bytes that begin each message and stand in each coinbase, as a little-endian number.</summary>
    public required uint Magic { get; init; }

    /// <summary>The first byte of an address.</summary>
    public required byte AddressVersion { get; init; }

    /// <summary>The first byte of a private key in wallet import form.</summary>
    public required byte WifVersion { get; init; }

    /// <summary>The first four bytes of an extended private key: <c>xprv</c> on main, <c>tprv</c> elsewhere.</summary>
    public uint ExtendedPrivateVersion => CoinType == 0 ? 0x0488_ade4u : 0x0435_8394u;

    /// <summary>The first four bytes of an extended public key: <c>xpub</c> on main, <c>tpub</c> elsewhere.</summary>
    public uint ExtendedPublicVersion => CoinType == 0 ? 0x0488_b21eu : 0x0435_87cfu;

    /// <summary>The coin type in derivation paths (BIP44).</summary>
    public required uint CoinType { get; init; }

    /// <summary>W: the window in which a job waits for its payment, seconds.</summary>
    public required uint WindowSeconds { get; init; }

    /// <summary>Blocks before a coinbase output can be spent.</summary>
    public required int CoinbaseMaturity { get; init; }

    /// <summary>The target of the first block, in compact form; rule C-24 is anchored at it.</summary>
    public required uint GenesisBits { get; init; }

    /// <summary>The nonce of the first block, so that no start has to search it; null: it is searched.</summary>
    public uint? GenesisNonce { get; init; }

    /// <summary>The easiest target, in compact form.</summary>
    public required uint LimitBits { get; init; }

    /// <summary>True where every block has the target of the first one.</summary>
    public bool HasFixedDifficulty { get; init; }

    /// <summary>The TCP port on which nodes listen for peers where nothing else is said.</summary>
    public required int PeerPort { get; init; }

    /// <summary>The time of the first block, Unix seconds.</summary>
    public required uint GenesisTime { get; init; }

    /// <summary>Seconds between blocks that the difficulty rule aims at.</summary>
    public uint TargetSpacingSeconds { get; init; } = 60;

    /// <summary>Seconds that a block's time may be ahead of the clock; later ones are held.</summary>
    public uint BlockTimeAheadSecondsMax { get; init; } = 120;

    /// <summary>Rule E-09: the largest fee of a job transaction, in grains (0.01 CML).</summary>
    public long FeeGrainsMax { get; init; } = 1_000_000;

    /// <summary>The first block. Its coinbase pays nothing, and its output is not spendable.</summary>
    public Block Genesis => genesis.Value;

    /// <summary>The hash of the first block, which stands in every tagged hash that must not cross networks.</summary>
    public BlockHash GenesisHash => Genesis.Hash;

    /// <summary>The network of a name; the names are lower case.</summary>
    public static bool TryParse(string? name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Network? network)
    {
        network = name switch { "main" => Main, "test" => Test, "regtest" => Regtest, _ => null };
        return network is not null;
    }

    /// <summary>The same network: names are unique.</summary>
    public bool Equals(Network? other) => other is not null && Name == other.Name;

    /// <inheritdoc/>
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private static Block MakeGenesis(Network network)
    {
        byte[] words = Encoding.UTF8.GetBytes($"Camelid {network.Name}: work that can be checked");
        Script script = Coinbase.Script(0, network, words);
        Transaction coinbase = Transaction.Create(
            1,
            [new TxInput(OutPoint.None, script, TxInput.SequenceFinal)],
            [new TxOutput(Amount.Zero, Script.Empty)],
            0,
            default);
        BlockHeader header = new()
        {
            Version = 1,
            PreviousHash = default,
            MerkleRoot = coinbase.Txid.Value,
            Time = network.GenesisTime,
            Bits = network.GenesisBits,
            Nonce = 0,
        };
        BlockHeader found = (network.GenesisNonce is { } nonce
            ? ProofOfWork.TryFind(header, nonce, 1)
            : ProofOfWork.TryFind(header, 0, uint.MaxValue))
            ?? throw new UnreachableException("no nonce gives a genesis block");
        return new Block(found, [coinbase]);
    }
}
