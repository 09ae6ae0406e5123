using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Jobs;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Tests.Market;

/// <summary>One item of each kind, signed, and an offer's J0.</summary>
internal static class MarketSamples
{
    public const uint Now = 1_800_000_000;

    public const long DepositGrains = Amount.GrainsPerCoin;

    public static Network Network => Network.Regtest;

    public static Hash256 Genesis => Network.GenesisHash.Value;

    public static PrivateKey Worker { get; } = Samples.Key(2);

    public static PrivateKey Node { get; } = Samples.Key(3);

    public static PrivateKey Client { get; } = Samples.Key(1);

    public static ServiceAnnouncement Service(uint created = Now) => new()
    {
        Genesis = Genesis,
        Created = created,
        Role = ServiceRole.Worker,
        Node = NodeId.Of(Samples.Public(Node)),
        StakeKey = Samples.Public(Worker),
        Stake = new StakeId(SampleJobs.HashOf("stake"), 1),
        Models = Models(2),
        Slots = 4,
        SlotsBusy = 1,
        Queue = 2,
        LifetimeSeconds = 60,
    };

    public static IReadOnlyList<ServedModel> Models(int count) => ServiceAnnouncement.InOrder(
        Enumerable.Range(0, count).Select(i =>
            new ServedModel(SampleJobs.HashOf($"model {i}"), (ulong)i, SampleJobs.HashOf("class"))));

    public static HoldingAnnouncement Holding(uint created = Now) => new()
    {
        Genesis = Genesis,
        Created = created,
        NodeKey = Samples.Public(Node),
        ChunkAddress = Address("203.0.113.9:28635"),
        Models = Held(2),
        LifetimeSeconds = 60,
    };

    public static IReadOnlyList<HeldModel> Held(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i => new HeldModel(
            SampleJobs.HashOf($"model {i}"), $"kamel {i} 🐪", i, SampleJobs.HashOf("parent")))
            .OrderBy(model => model.ModelRoot),
    ];

    public static JobParameters Job { get; } = SampleJobs.Small() with { ClientKey = Samples.Public(Client) };

    public static PeerAddress Address(string text) =>
        PeerAddress.TryParse(text, out PeerAddress address) ? address : throw new FormatException(text);

    public static Script DepositOf(PrivateKey client) =>
        new DepositScript(Now + 1_000_000, Samples.Public(client)).Build();

    private static OutPoint Spent { get; } = new(new Txid(SampleJobs.HashOf("deposit")), 0);

    /// <summary>The output that J0 spends.</summary>
    public static TxOutput Deposit(long grains = DepositGrains) => new(Amount.Grain(grains), DepositOf(Client));

    /// <summary>J0 of <see cref="Job"/>; its signature does not matter to who looks for money.</summary>
    public static Transaction Backing(JobId? job = null, uint? lockTime = null, Script? output = null) =>
        Transaction.Create(
            2,
            [new TxInput(Spent, Script.Empty, TxInput.SequenceLocked)],
            [new TxOutput(Amount.Grain(DepositGrains - 1_000), output ?? DepositOf(Client))],
            lockTime ?? (Job.Deadline + Network.WindowSeconds),
            job ?? Job.Id);

    public static JobOffer Offer(Transaction? backing = null) => JobOffer.Of(
        Job, Genesis, NodeId.Of(Samples.Public(Node)), (backing ?? Backing()).Txid.Value);

    public static IReadOnlyList<MarketItem> All { get; } =
        [Signed(Service(), Worker), Signed(Holding(), Node), Signed(Offer(), Client)];

    public static T Signed<T>(T item, PrivateKey key)
        where T : MarketItem => item with { Signature = Samples.Curve.Sign(key, item.SigningHash) };
}
