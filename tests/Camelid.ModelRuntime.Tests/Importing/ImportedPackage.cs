using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tests.Importing;

/// <summary>The numbers in a package, found through its own graph.</summary>
internal sealed class ImportedPackage(ModelPackage package)
{
    private readonly Dictionary<string, ExternalTensor> tensors = PackageWeights.Read(package);
    private readonly byte[] bytes = File.ReadAllBytes(Path.Combine(package.Folder, "model.bin"));

    internal IReadOnlyDictionary<string, ExternalTensor> Tensors => tensors;

    internal byte[] Bytes(string name) =>
        bytes[(int)tensors[name].Offset..(int)(tensors[name].Offset + tensors[name].Length)];

    /// <summary>A tensor of float32 or float16.</summary>
    internal float[] Numbers(string name)
    {
        byte[] raw = Bytes(name);
        bool isHalf = tensors[name].ElementType == OnnxGraph.Float16;
        float[] numbers = new float[raw.Length / (isHalf ? 2 : 4)];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = isHalf ? (float)BitConverter.ToHalf(raw, 2 * i) : BitConverter.ToSingle(raw, 4 * i);
        }

        return numbers;
    }

    /// <summary>A quantised matrix as numbers, [outputs, inputs].</summary>
    internal float[] Dequantised(string name, int inputs)
    {
        byte[] blocks = Bytes(name + ".blocks");
        float[] scales = Numbers(name + ".scales");
        int blockBytes = blocks.Length / scales.Length, rowBlocks = (inputs + 31) / 32;
        float[] numbers = new float[scales.Length / rowBlocks * inputs];
        for (int i = 0; i < numbers.Length; i++)
        {
            int block = (i / inputs * rowBlocks) + (i % inputs / 32), at = i % inputs % 32;
            int number = blockBytes == 32 ? blocks[(block * 32) + at] - 128
                : ((blocks[(block * 16) + (at / 2)] >> (at % 2 * 4)) & 15) - 8;
            numbers[i] = number * scales[block];
        }

        return numbers;
    }

    /// <summary>Imports with the machine's own limits.</summary>
    internal static async Task<ModelPackage> ImportAsync(ModelImportOptions options, CancellationToken cancellation) =>
        await ModelImporter.ImportAsync(options, progress: null, cancellation);
}
