using System.Text;
using Camelid.ModelRuntime.Importing.Gguf;

namespace Camelid.ModelRuntime.Tests.Importing.Gguf;

/// <summary>Writes GGUF files for tests: sound ones, and ones with a chosen fault.</summary>
internal sealed class GgufFileBuilder
{
    private readonly List<(string Key, GgufValueType Type, byte[] Value)> keys = [];
    private readonly List<TestTensor> tensors = [];

    internal uint Magic { get; set; } = 0x46554747;

    internal uint Version { get; set; } = 3;

    internal int Alignment { get; set; } = 32;

    internal ulong? TensorCount { get; set; }

    internal ulong? KeyCount { get; set; }

    internal List<TestTensor> Tensors => tensors;

    /// <summary>A key with a value whose bytes are given.</summary>
    internal GgufFileBuilder Raw(string key, GgufValueType type, params byte[] value)
    {
        keys.Add((key, type, value));
        return this;
    }

    internal GgufFileBuilder Whole(string key, uint value) =>
        Raw(key, GgufValueType.UInt32, BitConverter.GetBytes(value));

    internal GgufFileBuilder Number(string key, float value) =>
        Raw(key, GgufValueType.Float32, BitConverter.GetBytes(value));

    internal GgufFileBuilder Flag(string key, bool value) => Raw(key, GgufValueType.Bool, value ? (byte)1 : (byte)0);

    internal GgufFileBuilder Text(string key, string value) => Raw(key, GgufValueType.String, Text(value));

    internal GgufFileBuilder Texts(string key, IReadOnlyCollection<string> values) =>
        Raw(key, GgufValueType.Array, List(GgufValueType.String, (ulong)values.Count, [.. values.SelectMany(Text)]));

    internal GgufFileBuilder Numbers(string key, IReadOnlyCollection<float> values) => Raw(
        key, GgufValueType.Array,
        List(GgufValueType.Float32, (ulong)values.Count, [.. values.SelectMany(BitConverter.GetBytes)]));

    internal GgufFileBuilder Wholes(string key, IReadOnlyCollection<int> values) => Raw(
        key, GgufValueType.Array,
        List(GgufValueType.Int32, (ulong)values.Count, [.. values.SelectMany(BitConverter.GetBytes)]));

    internal GgufFileBuilder Without(string key)
    {
        keys.RemoveAll(entry => entry.Key == key);
        return this;
    }

    internal GgufFileBuilder Tensor(string name, GgufTensorType type, byte[] data, params ulong[] dimensions)
    {
        tensors.Add(new TestTensor(name, (uint)type, dimensions, data));
        return this;
    }

    /// <summary>A tensor of float32 numbers; dimensions innermost first, as in the file.</summary>
    internal GgufFileBuilder Tensor(string name, float[] values, params ulong[] dimensions) =>
        Tensor(name, GgufTensorType.F32, [.. values.SelectMany(BitConverter.GetBytes)], dimensions);

    /// <summary>The bytes of an array's value.</summary>
    internal static byte[] List(GgufValueType type, ulong count, params byte[] elements) =>
        [.. BitConverter.GetBytes((uint)type), .. BitConverter.GetBytes(count), .. elements];

    /// <summary>The bytes of a text.</summary>
    internal static byte[] Text(string value) =>
        [.. BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(value)), .. Encoding.UTF8.GetBytes(value)];

    internal byte[] Build()
    {
        using MemoryStream file = new();
        using BinaryWriter writer = new(file);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write(TensorCount ?? (ulong)tensors.Count);
        writer.Write(KeyCount ?? (ulong)keys.Count);
        foreach ((string key, GgufValueType type, byte[] value) in keys)
        {
            writer.Write(Text(key));
            writer.Write((uint)type);
            writer.Write(value);
        }

        List<long> offsets = [];
        long next = 0;
        foreach (TestTensor tensor in tensors)
        {
            offsets.Add(next);
            writer.Write(Text(tensor.Name));
            writer.Write((uint)tensor.Dimensions.Length);
            Array.ForEach(tensor.Dimensions, writer.Write);
            writer.Write(tensor.Type);
            writer.Write(tensor.Offset ?? (ulong)next);
            next = Aligned(next + tensor.Data.Length);
        }

        long start = Aligned(file.Position);
        foreach ((TestTensor tensor, long offset) in tensors.Zip(offsets))
        {
            writer.Flush();
            file.SetLength(start + offset);
            file.Position = start + offset;
            writer.Write(tensor.Data);
        }

        writer.Flush();
        return file.ToArray();
    }

    private long Aligned(long position) => (position + Alignment - 1) / Alignment * Alignment;
}

/// <summary>A tensor of a file under test.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Dimensions">Its shape, innermost first.</param>
/// <param name="Data">Its bytes.</param>
/// <param name="Offset">An offset to write in place of the true one.</param>
internal sealed record TestTensor(
    string Name, uint Type, ulong[] Dimensions, byte[] Data, ulong? Offset = null);
