using System.Buffers.Binary;
using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Importing.Gguf;

namespace Camelid.ModelRuntime.Tests.Importing.Gguf;

/// <summary>Damaged GGUF files: each gives a clear error, and no other exception.</summary>
public sealed class MalformedGgufTests : IDisposable
{
    private const int Flips = 200, Cuts = 24;
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-gguf").FullName;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>The negative control: undamaged, the file opens and every number can be read.</summary>
    [Fact]
    public void The_undamaged_file_is_read_whole() => Assert.Null(ErrorOf(TestGgufModel.Of().Build()));

    /// <summary>Every tensor in turn is missing, misshapen, of an unknown type, or without all of its bytes.</summary>
    [Fact]
    public void A_fault_of_any_tensor_names_file_and_tensor()
    {
        int count = TestGgufModel.Of().Tensors.Count;
        Func<TestTensor, TestTensor?>[] faults =
        [
            _ => null,
            tensor => tensor with { Dimensions = [tensor.Dimensions[0] * 2, .. tensor.Dimensions[1..]] },
            tensor => tensor with { Dimensions = [.. tensor.Dimensions, 2] },
            tensor => tensor with { Type = 19 },
            tensor => tensor with { Offset = 1UL << 40 },
            tensor => tensor with { Name = tensor.Name + "x" },
        ];
        for (int i = 0; i < count; i++)
        {
            foreach ((int fault, Func<TestTensor, TestTensor?> damage) in faults.Index())
            {
                GgufFileBuilder builder = TestGgufModel.Of();
                string name = builder.Tensors[i].Name;
                TestTensor? damaged = damage(builder.Tensors[i]);
                builder.Tensors.RemoveAt(i);
                if (damaged is not null)
                {
                    builder.Tensors.Insert(i, damaged);
                }

                string error = ErrorOf(builder.Build()) ?? throw new InvalidOperationException($"{name}, {fault}");
                Assert.Contains("model.gguf", error, StringComparison.Ordinal);
                Assert.Contains("tensor ", error, StringComparison.Ordinal);
                bool byOwnName = error.Contains(name, StringComparison.Ordinal);
                Assert.True(byOwnName || error.Contains("overlaps", StringComparison.Ordinal), error);
            }
        }
    }

    /// <summary>Every needed key in turn is missing, of another type, or absurd.</summary>
    [Theory]
    [InlineData("general.architecture")]
    [InlineData("llama.context_length")]
    [InlineData("llama.embedding_length")]
    [InlineData("llama.block_count")]
    [InlineData("llama.feed_forward_length")]
    [InlineData("llama.attention.head_count")]
    [InlineData("llama.attention.layer_norm_rms_epsilon")]
    [InlineData("tokenizer.ggml.tokens")]
    [InlineData("tokenizer.ggml.eos_token_id", false)]
    [InlineData("llama.attention.head_count_kv", false)]
    [InlineData("llama.rope.freq_base", false)]
    [InlineData("tokenizer.ggml.token_type", false)]
    [InlineData("tokenizer.ggml.bos_token_id", false)]
    [InlineData("tokenizer.ggml.add_bos_token", false)]
    public void A_fault_of_any_key_names_file_and_key(string key, bool needed = true)
    {
        void refused(GgufFileBuilder builder)
        {
            string error = ErrorOf(builder.Build()) ?? throw new InvalidOperationException(key);
            Assert.Contains("model.gguf", error, StringComparison.Ordinal);
            Assert.Contains(key, error, StringComparison.Ordinal);
        }

        if (needed)
        {
            refused(TestGgufModel.Of().Without(key));
        }

        refused(TestGgufModel.Of().Without(key).Raw(key, GgufValueType.Int64, BitConverter.GetBytes(long.MinValue)));
        refused(TestGgufModel.Of().Without(key).Number(key, float.NaN));
        refused(TestGgufModel.Of().Without(key).Raw(
            key, GgufValueType.Array, GgufFileBuilder.List(GgufValueType.Float64, 1, new byte[8])));
        refused(TestGgufModel.Of().Raw(key, GgufValueType.UInt8, 1));
    }

    /// <summary>Cut anywhere, the error names the file.</summary>
    [Fact]
    public void A_cut_file_is_refused()
    {
        byte[] whole = TestGgufModel.Of().Build();
        Random random = new(1);
        for (int i = 0; i < Cuts; i++)
        {
            int length = random.Next(whole.Length);
            string error = ErrorOf(whole[..length]) ?? throw new InvalidOperationException($"length {length}");
            Assert.Contains("model.gguf", error, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// Bytes and lengths of the head are overwritten at random: the file is refused, or read without surprises (a
    /// changed letter of a token is no fault that a reader could see).
    /// </summary>
    [Fact]
    public void A_head_with_random_bytes_is_refused_or_read()
    {
        byte[] whole = TestGgufModel.Of().Build();
        int head = (int)GgufHeader.Read(new MemoryStream(whole), "").Tensors.Values.Min(tensor => tensor.Offset);
        const int seed = 20261120;
        Random random = new(seed);
        for (int i = 0; i < Flips; i++)
        {
            byte[] damaged = [.. whole];
            int at = random.Next(head - 8);
            if (i % 2 == 0)
            {
                damaged[at] ^= (byte)(1 << random.Next(8));
            }
            else
            {
                BinaryPrimitives.WriteInt64LittleEndian(damaged.AsSpan(at), random.NextInt64() >> random.Next(64));
            }

            string? error = ErrorOf(damaged);
            Assert.True(
                error is null || error.Contains("model.gguf", StringComparison.Ordinal), $"seed {seed}, {i}: {error}");
        }
    }

    /// <summary>The message where the file is refused; null where all of it can be read.</summary>
    private string? ErrorOf(byte[] bytes)
    {
        string path = Path.Combine(folder, "model.gguf");
        File.WriteAllBytes(path, bytes);
        try
        {
            using GgufModelSource source = GgufModelSource.Open(path);
            foreach (ExpectedTensor expected in ExpectedTensors.Of(source.Model.Architecture))
            {
                SourceTensor tensor = source.Find(expected.Name)!;
                float[] values = new float[tensor.Rows * tensor.Columns];
                source.ReadRows(tensor, 0, (int)tensor.Rows, values);
            }

            ExpectedTensors.Check(source);
            return null;
        }
        catch (ModelImportException refusal)
        {
            return refusal.Message;
        }
    }
}
