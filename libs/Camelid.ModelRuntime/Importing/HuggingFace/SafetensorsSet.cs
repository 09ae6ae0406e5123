using System.Text.Json;
using Camelid.Protocol.Models;

namespace Camelid.ModelRuntime.Importing.HuggingFace;

/// <summary>
/// The weights of a folder: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> lists.
/// </summary>
internal sealed class SafetensorsSet : IDisposable
{
    private const string Single = "model.safetensors", Index = "model.safetensors.index.json";
    private const int ShardsMax = 1024, IndexBytesMax = 64 << 20;

    private readonly List<SafetensorsFile> files = [];
    private readonly Dictionary<string, PlacedTensor> tensors = new(StringComparer.Ordinal);

    private SafetensorsSet()
    {
    }

    /// <summary>Full paths of the files.</summary>
    internal IReadOnlyList<string> Files => [.. files.Select(file => file.Path)];

    /// <summary>Every tensor.</summary>
    internal IEnumerable<SourceTensor> Tensors => tensors.Values.Select(placed => placed.Tensor);

    /// <summary>Opens all files of a folder.</summary>
    /// <exception cref="ModelImportException">A file is missing or damaged, or the index lies.</exception>
    internal static SafetensorsSet Open(string folder)
    {
        SafetensorsSet? unread = new();
        try
        {
            if (File.Exists(Path.Combine(folder, Index)))
            {
                unread.OpenShards(folder, JsonFields.Read(Path.Combine(folder, Index), IndexBytesMax));
            }
            else
            {
                unread.Add(Path.Combine(folder, SingleIn(folder)));
            }

            SafetensorsSet set = unread;
            unread = null;
            return set;
        }
        finally
        {
            unread?.Dispose();
        }
    }

    /// <summary>A tensor and its file; null where there is none.</summary>
    internal PlacedTensor? Find(string name) => tensors.TryGetValue(name, out PlacedTensor placed) ? placed : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafetensorsFile file in files)
        {
            file.Dispose();
        }
    }

    private static string SingleIn(string folder)
    {
        if (Path.Exists(Path.Combine(folder, Single)))
        {
            return Single;
        }

        string[] names = [.. Directory.EnumerateFiles(folder, "*.safetensors").Take(2).Select(path =>
            Path.GetFileName(path))];
        return names switch
        {
            [string only] => only,
            [] => throw new ModelImportException(
                $"{Single} is missing in {folder}, and there are no other *.safetensors; download the model's weights "
                + "in that format (weights in pytorch_model.bin are not read: they can hold programs)"),
            _ => throw new ModelImportException(
                $"{Index} is missing in {folder}, which has several *.safetensors; download it"),
        };
    }

    private void OpenShards(string folder, JsonFields index)
    {
        JsonFields map = index.ObjectOrNull("weight_map") ?? throw index.Missing("weight_map");
        Dictionary<string, string> fileByTensor = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in map.Element.EnumerateObject())
        {
            string? name = map.TextOrNull(entry.Name);

            // A name, not a path: an index from a stranger must not reach files outside of its folder.
            if (!ModelFile.IsPath(name) || name!.Contains('/', StringComparison.Ordinal))
            {
                throw new ModelImportException(
                    $"{index.File}: tensor {JsonFields.Printable(entry.Name)} is said to lie in "
                    + $"'{JsonFields.Printable(name ?? "")}', which is no file name; download the index again");
            }

            fileByTensor.Add(entry.Name, name);
        }

        string[] shards = [.. fileByTensor.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (shards.Length is 0 or > ShardsMax)
        {
            throw new ModelImportException(
                $"{index.File} names {shards.Length} files, 1 to {ShardsMax} are allowed; download the index again");
        }

        foreach (string shard in shards)
        {
            Add(Path.Combine(folder, shard));
        }

        foreach ((string tensor, string file) in fileByTensor)
        {
            if (Find(tensor) is not { } placed || placed.Tensor.File != file)
            {
                throw new ModelImportException(
                    $"{file}: tensor {JsonFields.Printable(tensor)} is missing, {index.File} says that it is there; "
                    + "download both again");
            }
        }
    }

    private void Add(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        files.Add(file);
        foreach (SourceTensor tensor in file.Tensors.Values)
        {
            if (!tensors.TryAdd(tensor.Name, new PlacedTensor(tensor, file)))
            {
                throw new ModelImportException(
                    $"{tensor.File}: tensor {JsonFields.Printable(tensor.Name)} lies in "
                    + $"{tensors[tensor.Name].Tensor.File} too; download the model again");
            }
        }
    }
}

/// <summary>A tensor and its file.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="File">The open file.</param>
internal readonly record struct PlacedTensor(SourceTensor Tensor, SafetensorsFile File);
