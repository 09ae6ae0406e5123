using Camelid.ModelRuntime.Importing.Gguf;
using Camelid.ModelRuntime.Importing.HuggingFace;
using Camelid.ModelRuntime.Importing.OnnxFolder;

namespace Camelid.ModelRuntime.Importing;

/// <summary>The formats that are read, and how each is recognised.</summary>
internal static class ModelSources
{
    private static readonly ModelFormat[] Formats =
    [
        new("a folder with a ready ONNX decoder (genai_config.json, model.onnx)",
            path => File.Exists(Path.Combine(path, GenAiConfig.FileName))
                && !Directory.EnumerateFiles(path, "*.safetensors").Any(),
            OnnxFolderSource.Open),
        new("a Hugging Face folder (config.json, *.safetensors)",
            path => Directory.Exists(path) && File.Exists(Path.Combine(path, ConfigFile.FileName)),
            HuggingFaceSource.Open),
        new("a GGUF file (*.gguf)",
            path => File.Exists(path) && path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase),
            GgufModelSource.Open),
    ];

    /// <summary>Opens what lies at a path.</summary>
    /// <exception cref="ModelImportException">Nothing that is read lies there, or it is damaged.</exception>
    internal static IModelSourceReader Open(string path)
    {
        string full = Path.GetFullPath(path);
        if (!Path.Exists(full))
        {
            throw new ModelImportException($"{path} does not exist; give the path of a model");
        }

        ModelFormat format = Array.Find(Formats, candidate => candidate.Recognises(full))
            ?? throw new ModelImportException(
                $"{path} is no model that can be imported; it must be one of: "
                + string.Join("; ", Formats.Select(known => known.Name)));
        return format.Open(full);
    }

    /// <summary>A format.</summary>
    /// <param name="Name">What a user calls it.</param>
    /// <param name="Recognises">True where a path looks like it.</param>
    /// <param name="Open">Opens a path, or says what is wrong there.</param>
    private sealed record ModelFormat(
        string Name, Func<string, bool> Recognises, Func<string, IModelSourceReader> Open);
}
