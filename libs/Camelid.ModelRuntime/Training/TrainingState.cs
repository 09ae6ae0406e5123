using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Training;

/// <summary>Everything that one training step hands to the next: weights and AdamW's two running means, flat.</summary>
/// <param name="Step">Steps taken so far.</param>
/// <param name="Weights">The trained weights, in the order of the recipe.</param>
/// <param name="Mean">Running mean of the gradient.</param>
/// <param name="Square">Running mean of the gradient's square.</param>
internal sealed record TrainingState(int Step, float[] Weights, float[] Mean, float[] Square)
{
    private const string Tag = "camelid/training-state";
    private const int HeaderBytes = 16;

    private static ReadOnlySpan<byte> Magic => "camelst1"u8;

    /// <summary>A state before the first step.</summary>
    internal static TrainingState Start(float[] weights) =>
        new(0, weights, new float[weights.Length], new float[weights.Length]);

    /// <summary>
    /// Rule T-01: TaggedHash("camelid/training-state", u32 count ‖ SHA256(weights) ‖ SHA256(mean) ‖ SHA256(square)),
    /// each vector as little-endian float32.
    /// </summary>
    internal static Hash256 HashOf(float[] weights, float[] mean, float[] square)
    {
        CanonicalWriter writer = new();
        writer.UInt32((uint)weights.Length);
        foreach (float[] vector in new[] { weights, mean, square })
        {
            writer.Hash(Hashes.Sha256(MemoryMarshal.AsBytes(vector.AsSpan())));
        }

        return Hashes.Tagged(Tag, writer.Written);
    }

    /// <summary>The hash of this state.</summary>
    internal Hash256 Hash => HashOf(Weights, Mean, Square);

    /// <summary>Writes the state to a file; an interrupted writing leaves no file of that name.</summary>
    internal void Write(string path)
    {
        string part = path + ".part";
        using (FileStream file = File.Create(part))
        {
            Span<byte> header = stackalloc byte[HeaderBytes];
            Magic.CopyTo(header);
            BinaryPrimitives.WriteInt32LittleEndian(header[8..], Step);
            BinaryPrimitives.WriteInt32LittleEndian(header[12..], Weights.Length);
            file.Write(header);
            foreach (float[] vector in new[] { Weights, Mean, Square })
            {
                file.Write(MemoryMarshal.AsBytes(vector.AsSpan()));
            }
        }

        File.Move(part, path, overwrite: true);
    }

    /// <summary>Reads a state of <paramref name="count"/> weights.</summary>
    /// <exception cref="ModelPackageException">The file is no state of this recipe, or is cut short.</exception>
    internal static TrainingState Read(string path, int count)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> header = stackalloc byte[HeaderBytes];
        long expected = HeaderBytes + 3L * count * sizeof(float);
        if (file.Length != expected)
        {
            throw new ModelPackageException(
                $"{path} has {file.Length} bytes; a state of {count} weights has {expected}: copy it again");
        }

        file.ReadExactly(header);
        if (!header[..8].SequenceEqual(Magic) || BinaryPrimitives.ReadInt32LittleEndian(header[12..]) != count)
        {
            throw new ModelPackageException($"{path} is no training state of {count} weights");
        }

        float[][] vectors = [new float[count], new float[count], new float[count]];
        foreach (float[] vector in vectors)
        {
            file.ReadExactly(MemoryMarshal.AsBytes(vector.AsSpan()));
        }

        int step = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        return new TrainingState(step, vectors[0], vectors[1], vectors[2]);
    }
}
