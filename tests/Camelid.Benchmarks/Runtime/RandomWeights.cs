using System.Runtime.InteropServices;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Onnx;
using Camelid.ModelRuntime.Packages;

namespace Camelid.Benchmarks.Runtime;

/// <summary>
/// Weights by name and place, always the same: nearly normal, scaled as before training, so that logits spread as a
/// trained model's do. A few tokens are likelier than all others: what the model says repeats itself before long, as
/// answers do that quote their prompt.
/// </summary>
internal sealed class RandomWeights(ModelArchitecture model, string precision)
{
    private const float OutputGain = 2.5f, FrequentGain = 3;
    private const int FrequentFirst = 1000, FrequentCount = 64;

    /// <summary>Sum of four 16-bit uniforms: its mean, and one over its deviation.</summary>
    private const float Mean = 131_070, UnitGain = 1 / (65_536f * 0.57735027f);

    /// <summary>The bytes of a weight's tensors, one after the other as <see cref="WeightSpec.Tensors"/> has
    /// them.</summary>
    internal byte[][] Tensors(WeightSpec weight)
    {
        if (weight.Kind == WeightKind.Matrix)
        {
            return Precision.IsQuantised(precision) ? Quantised(weight) : [Bytes(weight, Plain(weight))];
        }

        return [Bytes(weight, Values(weight))];
    }

    private byte[] Bytes(WeightSpec weight, float[] values) =>
        weight.Tensors(precision)[0].ElementType == OnnxGraph.Float16
            ? MemoryMarshal.AsBytes(Array.ConvertAll(values, value => (Half)value).AsSpan()).ToArray()
            : MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private float[] Values(WeightSpec weight)
    {
        if (weight.Name is WeightCatalog.Cos or WeightCatalog.Sin)
        {
            RotaryTables tables = RotaryTables.Of(model, (int)weight.Rows);
            return weight.Name == WeightCatalog.Cos ? tables.Cos : tables.Sin;
        }

        float[] values = new float[weight.Rows * weight.Columns];
        if (weight.Kind == WeightKind.Vector)
        {
            Array.Fill(values, 1f);
            return values;
        }

        ulong seed = Seed(weight.Name);
        Parallel.For(0, (int)weight.Rows, row =>
        {
            for (long i = row * weight.Columns; i < (row + 1) * weight.Columns; i++)
            {
                values[i] = Unit(seed, i);
            }
        });
        return values;
    }

    /// <summary>[inputs, outputs]; the number of an element counts outputs first, in every precision.</summary>
    private float[] Plain(WeightSpec weight)
    {
        ulong seed = Seed(weight.Name);
        float[] values = new float[weight.Rows * weight.Columns];
        float[] gains = [.. Enumerable.Range(0, (int)weight.Columns).Select(output => Gain(weight, output))];
        Parallel.For(0, (int)weight.Rows, input =>
        {
            int width = (int)weight.Columns;
            Span<float> row = values.AsSpan(input * width, width);
            for (int output = 0; output < width; output++)
            {
                row[output] = gains[output] * Unit(seed, output * weight.Rows + input);
            }
        });
        return values;
    }

    private byte[][] Quantised(WeightSpec weight)
    {
        ulong seed = Seed(weight.Name);
        int blocks = (int)weight.BlocksPerOutput;
        int blockBytes = Precision.BlockBytes(precision);
        byte[] packed = new byte[weight.Columns * blocks * blockBytes];
        float[] scales = new float[weight.Columns * blocks];
        Parallel.For(0, (int)weight.Columns, output =>
        {
            float gain = Gain(weight, output);
            Span<float> values = stackalloc float[Precision.BlockSize];
            for (int block = 0; block < blocks; block++)
            {
                for (int i = 0; i < Precision.BlockSize; i++)
                {
                    long input = block * Precision.BlockSize + i;
                    values[i] = input < weight.Rows ? gain * Unit(seed, output * weight.Rows + input) : 0;
                }

                int at = output * blocks + block;
                scales[at] = Quantise(values, packed.AsSpan(at * blockBytes, blockBytes));
            }
        });
        return [packed, MemoryMarshal.AsBytes(scales.AsSpan()).ToArray()];
    }

    /// <summary>One block of 8 or 4 bits, as its bytes say; returns its scale.</summary>
    private static float Quantise(ReadOnlySpan<float> values, Span<byte> packed)
    {
        int half = packed.Length == Precision.BlockSize ? 128 : 8;
        float largest = 0;
        foreach (float value in values)
        {
            largest = MathF.Abs(value) > MathF.Abs(largest) ? value : largest;
        }

        float scale = largest / -half;
        for (int i = 0; i < values.Length; i++)
        {
            int level = scale == 0
                ? half
                : (int)Math.Clamp(MathF.Floor(values[i] / scale + half + 0.5f), 0, 2 * half - 1);
            if (half == 128)
            {
                packed[i] = (byte)level;
            }
            else
            {
                packed[i / 2] |= (byte)(level << (4 * (i & 1)));
            }
        }

        return scale;
    }

    private float Gain(WeightSpec weight, int output)
    {
        float gain = 1 / MathF.Sqrt(weight.Rows);
        return weight.Name switch
        {
            WeightCatalog.Output => gain * OutputGain
                * (output is >= FrequentFirst and < FrequentFirst + FrequentCount ? FrequentGain : 1),
            string name when name.EndsWith(".attention_out", StringComparison.Ordinal)
                || name.EndsWith(".down", StringComparison.Ordinal) => gain / MathF.Sqrt(2 * model.Layers),
            _ => gain,
        };
    }

    /// <summary>FNV-1a of the name.</summary>
    private static ulong Seed(string name) =>
        name.Aggregate(14695981039346656037UL, (hash, letter) => (hash ^ letter) * 1099511628211UL);

    /// <summary>SplitMix64 of an element's number, as a deviate of mean 0 and deviation 1.</summary>
    private static float Unit(ulong seed, long index)
    {
        ulong z = seed + (ulong)index * 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        z ^= z >> 31;
        int sum = (int)(z & 0xFFFF) + (int)((z >> 16) & 0xFFFF) + (int)((z >> 32) & 0xFFFF) + (int)(z >> 48);
        return (sum - Mean) * UnitGain;
    }
}
