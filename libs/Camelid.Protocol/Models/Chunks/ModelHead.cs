namespace Camelid.Protocol.Models.Chunks;

/// <summary>
/// Rule J-32: all of a model but its chunks: the manifest, byte for byte, and its files with sizes and roots. It is
/// that model's where the model root (J-09) over both is the root that was asked for.
/// </summary>
/// <remarks>
/// Bytes: length (u32) and manifest ‖ count (u32) ‖ for each file, by path: path (text), size (i64), root (32). A head
/// that has another root than asked for is its sender's fault, as no accident makes one.
/// </remarks>
public sealed class ModelHead
{
    /// <summary>Most bytes.</summary>
    public const int BytesMax = 8 + ModelRoot.ManifestBytesMax
        + (ModelRoot.FilesMax * (4 + ModelFile.PathBytesMax + 8 + Hash256.Bytes));

    private ModelHead(byte[] manifest, ModelLayout layout) => (Manifest, Layout) = (manifest, layout);

    /// <summary>The manifest's bytes.</summary>
    public ReadOnlyMemory<byte> Manifest { get; }

    /// <summary>The files and their chunks.</summary>
    public ModelLayout Layout { get; }

    /// <summary>The model root.</summary>
    public Hash256 Root => ModelRoot.Compute(Manifest.Span, Layout.Files);

    /// <summary>The head of a model; null where its files are not in order, or something is too large.</summary>
    public static ModelHead? Of(ReadOnlySpan<byte> manifest, IReadOnlyList<ModelFile> files) =>
        manifest.Length <= ModelRoot.ManifestBytesMax && ModelLayout.Of(files) is { } layout
            ? new ModelHead(manifest.ToArray(), layout)
            : null;

    /// <summary>The bytes.</summary>
    public byte[] Encode()
    {
        CanonicalWriter writer = new();
        writer.Bytes(Manifest.Span).UInt32((uint)Layout.Files.Count);
        foreach (ModelFile file in Layout.Files)
        {
            writer.Text(file.Path).Int64(file.Bytes).Hash(file.Root);
        }

        return writer.ToArray();
    }

    /// <summary>Reads the head of the model with that root; null for anything else.</summary>
    public static ModelHead? Decode(ReadOnlySpan<byte> bytes, Hash256 root)
    {
        if (bytes.Length > BytesMax)
        {
            return null;
        }

        CanonicalReader reader = new(bytes);
        ReadOnlySpan<byte> manifest = reader.Raw(reader.Count(ModelRoot.ManifestBytesMax));
        int count = reader.Count(ModelRoot.FilesMax);
        List<ModelFile> files = [];
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            files.Add(new ModelFile(reader.Text(ModelFile.PathBytesMax), reader.Int64(), reader.Hash()));
        }

        return reader.AtEnd && Of(manifest, files) is { } head && head.Root == root ? head : null;
    }
}
