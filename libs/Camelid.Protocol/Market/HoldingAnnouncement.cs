using System.Text;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Models;
using Camelid.Protocol.Peers;

namespace Camelid.Protocol.Market;

/// <summary>A model whose chunks a node serves.</summary>
/// <param name="ModelRoot">The model, never zero.</param>
/// <param name="Name">What its holder calls it: 1 … 128 bytes of UTF-8 without control characters.</param>
/// <param name="BytesCount">Bytes of the package.</param>
/// <param name="ParentRoot">The version before it; zero where there is none.</param>
public readonly record struct HeldModel(Hash256 ModelRoot, string Name, long BytesCount, Hash256 ParentRoot)
{
    /// <summary>Most bytes of a name.</summary>
    public const int NameBytesMax = 128;

    /// <summary>Most bytes of a package.</summary>
    public const long BytesCountMax = PackageFilesMax * ChunkTree.FileBytesMax;

    /// <summary>Fewest bytes of an encoded one.</summary>
    internal const int BytesMin = Hash256.Bytes + 4 + 1 + 8 + Hash256.Bytes;

    /// <summary>Most bytes of an encoded one.</summary>
    internal const int BytesMax = BytesMin - 1 + NameBytesMax;

    private const long PackageFilesMax = Models.ModelRoot.FilesMax;

    /// <summary>True where every field is within its bounds.</summary>
    public bool IsInForm => !ModelRoot.IsZero && BytesCount is >= 0 and <= BytesCountMax && ModelRoot != ParentRoot
        && Name is { Length: > 0 and <= NameBytesMax } name && !name.Any(char.IsControl) && IsUtf8(name);

    private static bool IsUtf8(string name)
    {
        // A lone surrogate would be written as a question mark, and come back as another name.
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        return bytes.Length <= NameBytesMax && Encoding.UTF8.GetString(bytes) == name;
    }
}

/// <summary>
/// Rule J-14: which models a node serves chunks of, and where. Signed by the node key, whose hash is the node's name.
/// </summary>
public sealed record HoldingAnnouncement : MarketItem
{
    /// <summary>Most models.</summary>
    public const int ModelsMax = 64;

    /// <summary>Most canonical bytes.</summary>
    public const int BytesMax = HeadBytes + PublicKey.Bytes + PeerAddress.Bytes + 1
        + (ModelsMax * HeldModel.BytesMax) + 4 + TailBytesMax;

    private readonly HeldModel[] models = [];

    /// <summary>The node's key.</summary>
    public required PublicKey NodeKey { get; init; }

    /// <summary>Where chunks are served.</summary>
    public required PeerAddress ChunkAddress { get; init; }

    /// <summary>At most <see cref="ModelsMax"/>, ascending by root; each once.</summary>
    public required IReadOnlyList<HeldModel> Models
    {
        get => models;
        init => models = [.. value];
    }

    /// <summary>How long it counts, 10 … 3,600 s.</summary>
    public required uint LifetimeSeconds { get; init; }

    /// <summary>The node.</summary>
    public NodeId Node => NodeId.Of(NodeKey);

    /// <inheritdoc/>
    public override MarketKind Kind => MarketKind.Holding;

    /// <inheritdoc/>
    public override PublicKey Key => NodeKey;

    /// <inheritdoc/>
    public override uint Expires => Created + LifetimeSeconds;

    /// <inheritdoc/>
    public override bool IsInForm => HasGoodTimes(LifetimeSeconds) && !NodeKey.IsNone && ChunkAddress.Port != 0
        && models.Length <= ModelsMax && models.All(model => model.IsInForm) && Ascends();

    private protected override string Tag => "camelid/holding";

    /// <summary>Reads canonical bytes; refuses what <see cref="IsInForm"/> refuses.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out HoldingAnnouncement? announcement)
    {
        CanonicalReader reader = new(bytes.Length <= BytesMax ? bytes : default);
        (Hash256 genesis, uint created) = ReadHead(ref reader);
        HoldingAnnouncement read = new()
        {
            Genesis = genesis,
            Created = created,
            NodeKey = PublicKey.TryFromBytes(reader.Raw(PublicKey.Bytes), out PublicKey key) ? key : default,
            ChunkAddress = PeerAddress.Read(ref reader),
            Models = ReadModels(ref reader),
            LifetimeSeconds = reader.UInt32(),
            Signature = reader.VarBytes(SignatureBytesMax),
        };
        announcement = reader.AtEnd && read.IsInForm ? read : null;
        return announcement is not null;
    }

    /// <summary>Equal in every byte.</summary>
    public bool Equals(HoldingAnnouncement? other) => HasBytesOf(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, NodeKey, Created, Signature.Length);

    private protected override void WriteFields(CanonicalWriter writer)
    {
        ChunkAddress.Write(writer.Raw(NodeKey.Span));
        writer.CompactSize((ulong)models.Length);
        foreach (HeldModel model in models)
        {
            writer.Hash(model.ModelRoot).Text(model.Name).Int64(model.BytesCount).Hash(model.ParentRoot);
        }

        writer.UInt32(LifetimeSeconds);
    }

    private static HeldModel[] ReadModels(ref CanonicalReader reader)
    {
        HeldModel[] read = new HeldModel[reader.ItemCount(ModelsMax, HeldModel.BytesMin)];
        for (int i = 0; i < read.Length; i++)
        {
            read[i] = new HeldModel(
                reader.Hash(), reader.Text(HeldModel.NameBytesMax), reader.Int64(), reader.Hash());
        }

        return read;
    }

    private bool Ascends()
    {
        for (int i = 1; i < models.Length; i++)
        {
            if (models[i - 1].ModelRoot.CompareTo(models[i].ModelRoot) >= 0)
            {
                return false;
            }
        }

        return true;
    }
}
