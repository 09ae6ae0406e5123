namespace Camelid.ModelRuntime.Importing;

/// <summary>
/// A model in somebody else's format, open for reading. Tensors go by their Hugging Face names, such as
/// <c>model.layers.0.self_attn.q_proj.weight</c>, <c>model.embed_tokens.weight</c> and <c>lm_head.weight</c>, with rows
/// of q and k in the half-split order; sources of other formats translate to that.
/// </summary>
/// <remarks>Disposing closes every file. One caller at a time.</remarks>
internal interface IModelSourceReader : IDisposable
{
    /// <summary>What the model is.</summary>
    ImportedModel Model { get; }

    /// <summary>
    /// The files that the weights are read from, full paths: their sizes and times tell whether an interrupted import
    /// may go on.
    /// </summary>
    IReadOnlyList<string> Files { get; }

    /// <summary>The tensor of that name; null where the model has none.</summary>
    SourceTensor? Find(string name);

    /// <summary>
    /// Dequantised rows, [<paramref name="rowCount"/>, tensor.Columns] in row-major order. A vector is one row.
    /// </summary>
    /// <param name="tensor">From <see cref="Find"/>.</param>
    /// <param name="firstRow">The first row wanted.</param>
    /// <param name="rowCount">How many.</param>
    /// <param name="destination">At least rowCount · tensor.Columns numbers.</param>
    /// <exception cref="ModelImportException">The bytes are not there; names file and tensor.</exception>
    void ReadRows(SourceTensor tensor, long firstRow, int rowCount, Span<float> destination);

    /// <summary>
    /// Rows as MatMulNBits keeps them, where the tensor's own blocks of 32 fit without loss: Q8_0 for int8, Q4_0 for
    /// int4. int8 value = (b − 128) · scale; int4 value = (nibble − 8) · scale, element 2j of a block in the low nibble
    /// of byte j.
    /// </summary>
    /// <param name="tensor">From <see cref="Find"/>.</param>
    /// <param name="precision">The precision wanted.</param>
    /// <param name="rows">The rows wanted.</param>
    /// <param name="blocks">[rows, tensor.Columns / 32, 32 (int8) or 16 (int4)].</param>
    /// <param name="scales">[rows, tensor.Columns / 32].</param>
    /// <returns>False, with nothing written, where the tensor has no such blocks.</returns>
    /// <exception cref="ModelImportException">The bytes are not there; names file and tensor.</exception>
    bool TryReadBlocks(
        SourceTensor tensor, string precision, SourceRows rows, Span<byte> blocks, Span<float> scales);
}

/// <summary>Consecutive rows of a tensor.</summary>
/// <param name="First">The first.</param>
/// <param name="Count">How many.</param>
internal readonly record struct SourceRows(long First, int Count);

/// <summary>A tensor of a model that is being imported.</summary>
/// <param name="Name">Its Hugging Face name.</param>
/// <param name="File">Name of the file that holds it, as messages name it.</param>
/// <param name="Type">Its number format as the source calls it: F32, BF16, Q8_0 and so on.</param>
/// <param name="Rows">Outputs of a matrix; 1 for a vector.</param>
/// <param name="Columns">Inputs of a matrix; the length of a vector.</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Bytes">Bytes in the file.</param>
internal sealed record SourceTensor(
    string Name, string File, string Type, long Rows, long Columns, long Offset, long Bytes);
