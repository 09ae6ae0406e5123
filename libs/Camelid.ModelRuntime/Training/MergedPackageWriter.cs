using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol.Models;

namespace Camelid.ModelRuntime.Training;

/// <summary>
/// Writes a package whose weights are those of another plus a LoRA's products, row by row, so that memory holds one
/// row at a time. Every other file is the other package's own.
/// </summary>
internal sealed class MergedPackageWriter(ModelPackage package, LoraShape shape)
{
    private const string RecordFile = "training.json";
    private readonly ModelArchitecture model = package.Manifest.Architecture;

    /// <summary>Copies the files, adds the products, and writes the manifest last.</summary>
    internal void Write(LoraTrainingOptions options, float[] factors, IReadOnlyList<TrainingStep> chain)
    {
        string folder = options.OutputFolder;
        Directory.CreateDirectory(folder);
        List<string> paths = [.. package.Manifest.Files.Select(file => file.Path).Where(path => path != RecordFile)];
        foreach (string path in paths)
        {
            string target = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(package.PathOf(path), target, overwrite: true);
        }

        Merge(folder, factors);
        File.WriteAllBytes(Path.Combine(folder, RecordFile), Record(options, chain));
        ModelManifest manifest = package.Manifest with
        {
            Name = options.Name,
            ParentRoot = package.Root.ToString(),
            Files = [.. paths.Append(RecordFile).Order(StringComparer.Ordinal).Select(path => Describe(folder, path))],
        };
        File.WriteAllBytes(Path.Combine(folder, ModelManifest.FileName), manifest.Encode());
    }

    private void Merge(string folder, float[] factors)
    {
        Dictionary<string, ExternalTensor> tensors = PackageWeights.Read(package);
        Dictionary<string, ParameterSlice> slices = LoraLayout.Of(model, shape).ToDictionary(slice => slice.Name);
        ReadOnlySpan<float> factor(string name) => factors.AsSpan(slices[name].Offset, slices[name].Count);
        foreach (LoraTarget target in LoraLayout.Targets(model, shape))
        {
            ExternalTensor tensor = tensors[target.Matrix];
            using FileStream file = File.Open(Path.Combine(folder, tensor.File), FileMode.Open, FileAccess.ReadWrite);
            Add(file, tensor, target, (factor(target.A).ToArray(), factor(target.B).ToArray()));
        }
    }

    /// <summary>W[i, first + j] += scale · Σ over r of A[i, r]·B[r, j], summed in the order of r.</summary>
    private void Add(FileStream file, ExternalTensor tensor, LoraTarget target, (float[] A, float[] B) factors)
    {
        float[] row = new float[target.Outputs];
        float[] sum = new float[target.Outputs];
        for (int i = 0; i < target.Inputs; i++)
        {
            Array.Clear(sum);
            for (int r = 0; r < shape.Rank; r++)
            {
                float a = factors.A[i * shape.Rank + r];
                for (int j = 0; j < row.Length; j++)
                {
                    sum[j] += a * factors.B[r * row.Length + j];
                }
            }

            long offset = tensor.Offset + (i * tensor.Dimensions[1] + target.FirstColumn) * sizeof(float);
            file.Position = offset;
            file.ReadExactly(MemoryMarshal.AsBytes(row.AsSpan()));
            for (int j = 0; j < row.Length; j++)
            {
                row[j] += shape.Scale * sum[j];
            }

            file.Position = offset;
            file.Write(MemoryMarshal.AsBytes(row.AsSpan()));
        }
    }

    private static PackageFile Describe(string folder, string path)
    {
        using FileStream file = File.OpenRead(Path.Combine(folder, path));
        byte[] chunk = new byte[ChunkTree.ChunkBytes];
        string[] leaves = new string[ChunkTree.ChunkCount(file.Length)];
        for (int i = 0; i < leaves.Length; i++)
        {
            int length = ChunkTree.ChunkLength(file.Length, i);
            file.ReadExactly(chunk.AsSpan(0, length));
            leaves[i] = ChunkTree.Leaf(chunk.AsSpan(0, length)).ToString();
        }

        return new PackageFile { Path = path, Bytes = file.Length, Chunks = leaves };
    }

    private byte[] Record(LoraTrainingOptions options, IReadOnlyList<TrainingStep> chain) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new JsonObject
            {
                ["command"] = string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"camelid models train lora --model {package.Name} --data FILE --out DIR --rank {options.Rank} "
                    + $"--steps {options.Steps}"),
                ["model"] = package.Root.ToString(),
                ["rank"] = options.Rank,
                ["alpha"] = options.Alpha,
                ["feedForward"] = options.FeedForward,
                ["seed"] = options.Seed,
                ["steps"] = chain[^1].Step,
                ["threads"] = options.Threads,
                ["chain"] = chain[^1].Link,
                ["loss"] = LossCurve.ToJson(LossCurve.Of(chain)),
            },
            BytePairVocabulary.JsonOptions);
}
