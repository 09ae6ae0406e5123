namespace Camelid.ModelRuntime.Importing;

/// <summary>What is imported, into what, and where to.</summary>
public sealed record ModelImportOptions
{
    /// <summary>
    /// A folder with <c>config.json</c> (Hugging Face), a <c>*.gguf</c> file, or a folder with
    /// <c>genai_config.json</c>.
    /// </summary>
    public required string SourcePath { get; init; }

    /// <summary>The folder that gets a folder for the new package, named by its model root.</summary>
    public required string ModelsFolder { get; init; }

    /// <summary>fp32, fp16, int8 or int4; null takes the one that keeps what the source has.</summary>
    public string? Precision { get; init; }

    /// <summary>The name that people will use; null takes the source's own.</summary>
    public string? Name { get; init; }
}

/// <summary>How far an import is.</summary>
/// <param name="TensorName">The tensor at work, or the step.</param>
/// <param name="BytesWritten">Bytes that are written, what an interrupted import left included.</param>
/// <param name="BytesTotal">Bytes that there will be.</param>
/// <param name="Note">Something to say aloud; null in all other reports.</param>
public readonly record struct ModelImportProgress(
    string TensorName, long BytesWritten, long BytesTotal, string? Note = null)
{
    /// <summary>True where an interrupted import had written the tensor already.</summary>
    public bool IsTakenOver { get; init; }
}
