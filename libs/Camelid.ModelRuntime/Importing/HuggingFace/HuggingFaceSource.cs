using System.Text.RegularExpressions;

namespace Camelid.ModelRuntime.Importing.HuggingFace;

/// <summary>
/// A Hugging Face folder: <c>config.json</c>, one or more <c>*.safetensors</c>, <c>tokenizer.json</c> and
/// <c>tokenizer_config.json</c>.
/// </summary>
internal sealed partial class HuggingFaceSource : IModelSourceReader
{
    private const int PieceBytes = 1 << 20;

    private readonly SafetensorsSet weights;
    private byte[] piece = [];

    private HuggingFaceSource(SafetensorsSet weights, ImportedModel model) => (this.weights, Model) = (weights, model);

    /// <inheritdoc/>
    public ImportedModel Model { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Files => weights.Files;

    /// <summary>Opens a folder, and checks that its weights are those of its configuration, no more and no
    /// fewer.</summary>
    /// <exception cref="ModelImportException">Something is missing, damaged or not supported.</exception>
    internal static HuggingFaceSource Open(string folder)
    {
        ConfigFile config = ConfigFile.Read(folder);
        ImportedModel model = FolderFiles.Read(folder, config);
        HuggingFaceSource? unread = new(SafetensorsSet.Open(folder), model);
        try
        {
            HuggingFaceSource source = unread;
            ExpectedTensors.Check(source);
            source.CheckOthers();
            unread = null;
            return source;
        }
        finally
        {
            unread?.Dispose();
        }
    }

    /// <inheritdoc/>
    public SourceTensor? Find(string name) => weights.Find(name)?.Tensor;

    /// <inheritdoc/>
    public void ReadRows(SourceTensor tensor, long firstRow, int rowCount, Span<float> destination)
    {
        int bytes = SourceNumbers.Bytes(tensor.Type);
        SafetensorsFile file = weights.Find(tensor.Name)!.Value.File;
        long offset = firstRow * tensor.Columns * bytes;
        int left = checked((int)(rowCount * tensor.Columns));
        if (piece.Length == 0)
        {
            piece = new byte[PieceBytes];
        }

        for (int done = 0; left > 0;)
        {
            int count = Math.Min(left, PieceBytes / bytes);
            Span<byte> read = piece.AsSpan(0, count * bytes);
            file.Read(tensor, offset, read);
            SourceNumbers.ToSingles(tensor.Type, read, destination.Slice(done, count));
            done += count;
            left -= count;
            offset += read.Length;
        }
    }

    /// <inheritdoc/>
    public bool TryReadBlocks(
        SourceTensor tensor, string precision, SourceRows rows, Span<byte> blocks, Span<float> scales) => false;

    /// <inheritdoc/>
    public void Dispose() => weights.Dispose();

    /// <summary>
    /// A tensor that the configuration does not explain would be left out silently, and the model would speak
    /// otherwise than it was trained to.
    /// </summary>
    private void CheckOthers()
    {
        HashSet<string> expected =
            [.. ExpectedTensors.Of(Model.Architecture).Select(tensor => tensor.Name), ExpectedTensors.Output];
        foreach (SourceTensor tensor in weights.Tensors)
        {
            if (!expected.Contains(tensor.Name) && !Computed().IsMatch(tensor.Name))
            {
                throw new ModelImportException(
                    $"{tensor.File}: tensor {JsonFields.Printable(tensor.Name)} is not explained by "
                    + $"{ConfigFile.FileName}; a {Model.Architecture.Family} model as it is supported here has none");
            }

            if (expected.Contains(tensor.Name) && SourceNumbers.Bytes(tensor.Type) == 0)
            {
                throw new ModelImportException(
                    $"{tensor.File}: tensor {tensor.Name} is {tensor.Type}; supported are F32, F16 and BF16");
            }
        }
    }

    /// <summary>Tables that old files carry and every program computes.</summary>
    [GeneratedRegex(@"\.rotary_emb\.inv_freq$|\.self_attn\.(masked_)?bias$", RegexOptions.CultureInvariant)]
    private static partial Regex Computed();
}
