using System.Collections.Concurrent;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Distribution.Serving;

/// <summary>A model that chunks are served of: its head, its proofs, and where its files lie.</summary>
internal sealed class ShelfModel
{
    private readonly ModelManifest manifest;
    private readonly Func<ChunkBits?> have;
    private readonly ConcurrentDictionary<int, ChunkProofs> proofs = [];

    private ShelfModel(ModelHead head, ModelManifest manifest, string folder, Func<ChunkBits?> have)
    {
        (this.manifest, this.have, Folder, Layout, Root) = (manifest, have, folder, head.Layout, head.Root);
        Head = head.Encode();
    }

    /// <summary>The model root.</summary>
    public Hash256 Root { get; }

    /// <summary>The encoded head.</summary>
    public ReadOnlyMemory<byte> Head { get; }

    /// <summary>The files and their chunks.</summary>
    public ModelLayout Layout { get; }

    /// <summary>Where the files lie.</summary>
    public string Folder { get; }

    /// <summary>A whole model.</summary>
    public static ShelfModel Of(ModelPackage package) =>
        new(HeadOf(package.Manifest), package.Manifest, package.Folder, () => null);

    /// <summary>A model of which chunks are still fetched.</summary>
    /// <param name="head">Its head.</param>
    /// <param name="manifest">The manifest in it.</param>
    /// <param name="folder">Where its files grow.</param>
    /// <param name="have">Which chunks are there.</param>
    public static ShelfModel Of(ModelHead head, ModelManifest manifest, string folder, Func<ChunkBits> have) =>
        new(head, manifest, folder, () => have() is { IsFull: false } some ? some : null);

    /// <summary>The head of a package.</summary>
    public static ModelHead HeadOf(ModelManifest manifest) =>
        ModelHead.Of(manifest.Encode(), [.. manifest.Files.Select(file => file.ToModelFile())])
        ?? throw new ModelPackageException($"model '{manifest.Name}' has more chunks than can be distributed");

    /// <summary>Which chunks are there; null for all.</summary>
    public ChunkBits? Have() => have();

    /// <summary>The path of a chunk; each file's tree is built when it is first asked for.</summary>
    public IReadOnlyList<Hash256> PathOf(ChunkPlace place) => proofs
        .GetOrAdd(place.File, file => new ChunkProofs(manifest.Files[file].Leaves())).PathOf(place.Index);

    /// <summary>The full path of a file.</summary>
    public string FileOf(int file) => Path.Combine(Folder, Layout.Files[file].Path);
}
