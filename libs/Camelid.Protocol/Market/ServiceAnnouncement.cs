using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;

namespace Camelid.Protocol.Market;

/// <summary>What a stake is used for.</summary>
public enum ServiceRole : byte
{
    /// <summary>No role.</summary>
    Unset = 0,

    /// <summary>Computes jobs.</summary>
    Worker = 1,

    /// <summary>Checks what others computed.</summary>
    Verifier = 2,
}

/// <summary>A model that a worker runs, or that a verifier checks.</summary>
/// <param name="ModelRoot">The model, never zero.</param>
/// <param name="PriceGrains">Of a token, prompt and output alike; for a verifier of a check. At most all coin.</param>
/// <param name="NumericsClass">The class in which it is computed.</param>
public readonly record struct ServedModel(Hash256 ModelRoot, ulong PriceGrains, Hash256 NumericsClass)
{
    /// <summary>Bytes of an encoded one.</summary>
    public const int Bytes = Hash256.Bytes + 8 + Hash256.Bytes;
}

/// <summary>
/// Rule J-13: what a worker or verifier does, and how busy it is. Signed by the key of its stake; what the stake is
/// worth and since when, only the chain says.
/// </summary>
public sealed record ServiceAnnouncement : MarketItem
{
    /// <summary>Most models.</summary>
    public const int ModelsMax = 32;

    /// <summary>Most jobs that a service may say it runs at a time.</summary>
    public const uint SlotsMax = 65_535;

    /// <summary>Most jobs that a service may say wait for it.</summary>
    public const uint QueueMax = 1_000_000;

    /// <summary>Most canonical bytes.</summary>
    public const int BytesMax = HeadBytes + 1 + NodeId.Bytes + PublicKey.Bytes + StakeId.Bytes + 1
        + (ModelsMax * ServedModel.Bytes) + (4 * 4) + TailBytesMax;

    private readonly ServedModel[] models = [];

    /// <summary>What it does.</summary>
    public required ServiceRole Role { get; init; }

    /// <summary>Where messages for it go.</summary>
    public required NodeId Node { get; init; }

    /// <summary>The key of the stake: signs testaments or attestations, opens what is sealed to it.</summary>
    public required PublicKey StakeKey { get; init; }

    /// <summary>The stake.</summary>
    public required StakeId Stake { get; init; }

    /// <summary>At most <see cref="ModelsMax"/>, ascending by model, then class; each pair once.</summary>
    public required IReadOnlyList<ServedModel> Models
    {
        get => models;
        init => models = [.. value];
    }

    /// <summary>Jobs that it runs at a time.</summary>
    public required uint Slots { get; init; }

    /// <summary>How many of them are busy.</summary>
    public required uint SlotsBusy { get; init; }

    /// <summary>Jobs that wait for one.</summary>
    public required uint Queue { get; init; }

    /// <summary>How long it counts, 10 … 3,600 s.</summary>
    public required uint LifetimeSeconds { get; init; }

    /// <inheritdoc/>
    public override MarketKind Kind => MarketKind.Service;

    /// <inheritdoc/>
    public override PublicKey Key => StakeKey;

    /// <inheritdoc/>
    public override uint Expires => Created + LifetimeSeconds;

    /// <inheritdoc/>
    public override bool IsInForm => HasGoodTimes(LifetimeSeconds)
        && Role is ServiceRole.Worker or ServiceRole.Verifier && !Node.IsNone && !StakeKey.IsNone && !Stake.IsNone
        && Slots <= SlotsMax && SlotsBusy <= Slots && Queue <= QueueMax && AreModelsInForm();

    private protected override string Tag => "camelid/service";

    /// <summary>The same models in the order that is asked for.</summary>
    public static IReadOnlyList<ServedModel> InOrder(IEnumerable<ServedModel> models) =>
        [.. models.OrderBy(model => model.ModelRoot).ThenBy(model => model.NumericsClass)];

    /// <summary>Reads canonical bytes; refuses what <see cref="IsInForm"/> refuses.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out ServiceAnnouncement? announcement)
    {
        CanonicalReader reader = new(bytes.Length <= BytesMax ? bytes : default);
        (Hash256 genesis, uint created) = ReadHead(ref reader);
        ServiceAnnouncement read = new()
        {
            Genesis = genesis,
            Created = created,
            Role = (ServiceRole)reader.Byte(),
            Node = NodeId.Read(ref reader),
            StakeKey = PublicKey.TryFromBytes(reader.Raw(PublicKey.Bytes), out PublicKey key) ? key : default,
            Stake = StakeId.Read(ref reader),
            Models = ReadModels(ref reader),
            Slots = reader.UInt32(),
            SlotsBusy = reader.UInt32(),
            Queue = reader.UInt32(),
            LifetimeSeconds = reader.UInt32(),
            Signature = reader.VarBytes(SignatureBytesMax),
        };
        announcement = reader.AtEnd && read.IsInForm ? read : null;
        return announcement is not null;
    }

    /// <summary>Equal in every byte.</summary>
    public bool Equals(ServiceAnnouncement? other) => HasBytesOf(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Stake, Created, Signature.Length);

    private protected override void WriteFields(CanonicalWriter writer)
    {
        writer.Byte((byte)Role);
        Node.Write(writer);
        Stake.Write(writer.Raw(StakeKey.Span));
        writer.CompactSize((ulong)models.Length);
        foreach (ServedModel model in models)
        {
            writer.Hash(model.ModelRoot).UInt64(model.PriceGrains).Hash(model.NumericsClass);
        }

        writer.UInt32(Slots).UInt32(SlotsBusy).UInt32(Queue).UInt32(LifetimeSeconds);
    }

    private static ServedModel[] ReadModels(ref CanonicalReader reader)
    {
        ServedModel[] read = new ServedModel[reader.ItemCount(ModelsMax, ServedModel.Bytes)];
        for (int i = 0; i < read.Length; i++)
        {
            read[i] = new ServedModel(reader.Hash(), reader.UInt64(), reader.Hash());
        }

        return read;
    }

    private bool AreModelsInForm()
    {
        for (int i = 0; i < models.Length; i++)
        {
            bool ascends = i == 0 || Compare(models[i - 1], models[i]) < 0;
            if (!ascends || models[i].ModelRoot.IsZero || models[i].PriceGrains > Amount.GrainsMax)
            {
                return false;
            }
        }

        return models.Length <= ModelsMax;
    }

    private static int Compare(ServedModel left, ServedModel right) =>
        left.ModelRoot.CompareTo(right.ModelRoot) is var order and not 0
            ? order
            : left.NumericsClass.CompareTo(right.NumericsClass);
}
