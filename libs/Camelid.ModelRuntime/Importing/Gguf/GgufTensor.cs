namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>A tensor as the file describes it.</summary>
/// <param name="Name">Its name in the file, such as <c>blk.0.attn_q.weight</c>.</param>
/// <param name="Type">How its numbers are stored.</param>
/// <param name="Rows">Product of all dimensions but the innermost; 1 for a vector.</param>
/// <param name="Columns">The innermost dimension: neighbours in the file.</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Bytes">Bytes in the file.</param>
internal sealed record GgufTensor(
    string Name, GgufTensorType Type, long Rows, long Columns, long Offset, long Bytes);
