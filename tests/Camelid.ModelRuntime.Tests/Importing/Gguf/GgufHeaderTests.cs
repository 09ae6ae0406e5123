using Camelid.ModelRuntime.Importing;
using Camelid.ModelRuntime.Importing.Gguf;

namespace Camelid.ModelRuntime.Tests.Importing.Gguf;

/// <summary>The head of a GGUF file: every count, length and offset is checked.</summary>
public sealed class GgufHeaderTests
{
    private static GgufFileBuilder Sound() => new GgufFileBuilder()
        .Text("general.name", "tester")
        .Tensor("a", new float[8], 4, 2)
        .Tensor("b", new float[3], 3);

    private static GgufHeader Read(GgufFileBuilder builder) => Read(builder.Build());

    private static GgufHeader Read(byte[] bytes) => GgufHeader.Read(new MemoryStream(bytes), "x.gguf");

    private static void Refused(byte[] bytes, params string[] parts)
    {
        ModelImportException refusal = Assert.Throws<ModelImportException>(() => Read(bytes));
        Assert.All(parts.Prepend("x.gguf"), part => Assert.Contains(part, refusal.Message, StringComparison.Ordinal));
    }

    /// <summary>Versions 2 and 3 are the same on little-endian machines.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_sound_file_gives_its_keys_and_tensors(uint version)
    {
        GgufFileBuilder builder = Sound();
        builder.Version = version;
        GgufHeader header = Read(builder);
        Assert.Equal("tester", header.Metadata.Text("general.name"));
        Assert.Equal((2, 4, 32), (header.Tensors["a"].Rows, header.Tensors["a"].Columns, header.Tensors["a"].Bytes));
        Assert.Equal(header.Tensors["a"].Offset + 32, header.Tensors["b"].Offset);
        Assert.Equal((1, 3), (header.Tensors["b"].Rows, header.Tensors["b"].Columns));
    }

    /// <summary>All thirteen types, arrays in arrays included.</summary>
    [Fact]
    public void Every_value_type_is_read()
    {
        byte[] inner = GgufFileBuilder.List(GgufValueType.UInt8, 2, 1, 2);
        GgufMetadata metadata = Read(new GgufFileBuilder()
            .Raw("u8", GgufValueType.UInt8, 200).Raw("i8", GgufValueType.Int8, 200)
            .Raw("u16", GgufValueType.UInt16, 0xFF, 0xFF).Raw("i16", GgufValueType.Int16, 0xFF, 0xFF)
            .Raw("i32", GgufValueType.Int32, 0xFE, 0xFF, 0xFF, 0xFF).Number("f32", 1.5f).Flag("flag", true)
            .Raw("u64", GgufValueType.UInt64, BitConverter.GetBytes(1UL << 40))
            .Raw("i64", GgufValueType.Int64, BitConverter.GetBytes(-5L))
            .Raw("f64", GgufValueType.Float64, BitConverter.GetBytes(0.25))
            .Raw("nested", GgufValueType.Array, GgufFileBuilder.List(GgufValueType.Array, 2, [.. inner, .. inner]))
            .Texts("texts", ["é", ""]).Numbers("numbers", [1, 2]).Wholes("wholes", [-1, 7])).Metadata;
        long whole(string key) => metadata.Whole(key, long.MinValue, long.MaxValue) ?? 0;
        Assert.Equal([200, -56, 65535, -1, -2, 1L << 40, -5], new[] { "u8", "i8", "u16", "i16", "i32", "u64", "i64" }
            .Select(whole));
        Assert.Equal((1.5f, 0.25f, true), (metadata.Positive("f32"), metadata.Positive("f64"), metadata.Flag("flag")));
        Assert.Equal(["é", ""], metadata.Texts("texts")!);
        Assert.Equal([1, 2], metadata.Numbers("numbers")!);
        Assert.Equal([-1, 7], metadata.Wholes("wholes")!);
        Assert.True(metadata.Has("nested"));
        Assert.Throws<ModelImportException>(() => metadata.Text("u8"));
        Assert.Throws<ModelImportException>(() => metadata.Whole("i64", 0, 10));
        Assert.Throws<ModelImportException>(() => metadata.Flag("texts"));
    }

    /// <summary>Wherever the file is cut, the message names the file and says so.</summary>
    [Fact]
    public void A_truncated_file_is_refused_at_every_length()
    {
        byte[] whole = Sound().Build();
        Read(whole);
        for (int length = 0; length < whole.Length; length++)
        {
            Refused(whole[..length]);
        }
    }

    /// <summary>The last byte is missing: the tensor that it belongs to is named.</summary>
    [Fact]
    public void A_truncated_file_names_the_tensor() => Refused(Sound().Build()[..^1], "tensor b", "cut short");

    /// <summary>A second key or tensor of one name would make the reading depend on the reader.</summary>
    [Fact]
    public void Doubled_keys_and_tensors_are_refused()
    {
        Refused(Sound().Text("general.name", "again").Build(), "general.name", "twice");
        Refused(Sound().Tensor("a", new float[1], 1).Build(), "tensor a", "twice");
    }

    /// <summary>Offsets: one byte over the alignment, inside a neighbour, beyond the end, near 2^63.</summary>
    [Theory]
    [InlineData(1UL, "alignment")]
    [InlineData(0UL, "overlaps tensor")]
    [InlineData(64UL, "cut short")]
    [InlineData(0x7FFFFFFFFFFFFFE0UL, "cut short")]
    [InlineData(0xFFFFFFFFFFFFFFE0UL, "beyond any file")]
    public void A_bad_offset_is_refused(ulong offset, string why)
    {
        GgufFileBuilder builder = Sound();
        builder.Tensors[1] = builder.Tensors[1] with { Offset = offset };
        Refused(builder.Build(), "tensor", why);
    }

    /// <summary>Huge counts are refused before memory is taken for them.</summary>
    [Fact]
    public void Huge_counts_and_lengths_are_refused()
    {
        GgufFileBuilder tensors = Sound();
        tensors.TensorCount = ulong.MaxValue;
        Refused(tensors.Build(), "tensor count", "18446744073709551615");
        GgufFileBuilder keys = Sound();
        keys.KeyCount = GgufHeader.KeysMax + 1;
        Refused(keys.Build(), "key count");
        Refused(Sound().Raw("text", GgufValueType.String, BitConverter.GetBytes(1UL << 60)).Build(), "key text");
        Refused(Sound().Raw("text", GgufValueType.String, BitConverter.GetBytes(4096UL)).Build(), "key text", "left");
        Refused(
            Sound().Raw("list", GgufValueType.Array, GgufFileBuilder.List(GgufValueType.String, 1 << 20)).Build(),
            "key list", "left");
        Refused(
            Sound().Raw("list", GgufValueType.Array, GgufFileBuilder.List(GgufValueType.UInt8, ulong.MaxValue))
                .Build(), "key list");
    }

    /// <summary>Four levels of arrays are read, a fifth is refused.</summary>
    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(500, false)]
    public void Nested_arrays_have_a_bound(int depth, bool sound)
    {
        byte[] list = GgufFileBuilder.List(GgufValueType.UInt8, 1, 7);
        for (int i = 1; i < depth; i++)
        {
            list = GgufFileBuilder.List(GgufValueType.Array, 1, list);
        }

        GgufFileBuilder builder = Sound().Raw("list", GgufValueType.Array, list);
        if (sound)
        {
            Read(builder);
        }
        else
        {
            Refused(builder.Build(), "key list", "deeper");
        }
    }

    /// <summary>Types that do not exist or are not read are named.</summary>
    [Fact]
    public void Unknown_types_are_named()
    {
        Refused(Sound().Raw("odd", (GgufValueType)13).Build(), "key odd", "13");
        Refused(Sound().Raw("odd", GgufValueType.Array, GgufFileBuilder.List((GgufValueType)99, 0)).Build(), "99");
        Refused(Sound().Raw("odd", GgufValueType.Bool, 2).Build(), "key odd", "2");
        Refused(Sound().Tensor("c", (GgufTensorType)20, new byte[18], 32).Build(), "tensor c", "IQ4_NL");
        Refused(Sound().Tensor("c", (GgufTensorType)77, new byte[18], 32).Build(), "tensor c", "type 77");
        Refused(Sound().Raw("odd", GgufValueType.String, 1, 0, 0, 0, 0, 0, 0, 0, 0xFF).Build(), "key odd", "UTF-8");
    }

    /// <summary>Shapes: rows must be whole blocks, dimensions at least 1 and at most four.</summary>
    [Fact]
    public void Impossible_shapes_are_refused()
    {
        Refused(Sound().Tensor("c", GgufTensorType.Q8_0, new byte[34], 31).Build(), "tensor c", "whole Q8_0 blocks");
        Refused(Sound().Tensor("c", GgufTensorType.F32, [], 0).Build(), "tensor c", "dimension of 0");
        Refused(Sound().Tensor("c", GgufTensorType.F32, []).Build(), "tensor c", "0 dimensions");
        Refused(Sound().Tensor("c", GgufTensorType.F32, new byte[4], 1, 1, 1, 1, 1).Build(), "5 dimensions");
        Refused(Sound().Tensor("c", GgufTensorType.F32, [], 1, 1 << 28, 2).Build(), "tensor c", "rows");
        Refused(Sound().Tensor("c", GgufTensorType.F32, [], 1UL << 62, 4).Build(), "tensor c");
    }

    /// <summary>Alignments: a power of two and not more than a mebibyte.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(24)]
    [InlineData(1 << 21)]
    public void A_bad_alignment_is_refused(uint alignment) =>
        Refused(Sound().Whole("general.alignment", alignment).Build(), "general.alignment", $"{alignment}");

    /// <summary>Data begin at the file's own alignment.</summary>
    [Fact]
    public void A_wider_alignment_is_followed()
    {
        GgufFileBuilder builder = Sound().Whole("general.alignment", 256);
        builder.Alignment = 256;
        GgufHeader header = Read(builder);
        long first = header.Tensors["a"].Offset;
        Assert.Equal((0, 256), (first % 256, header.Tensors["b"].Offset - first));
    }

    /// <summary>Other files and other versions.</summary>
    [Theory]
    [InlineData(0x46554746u, 3u, "not a GGUF file")]
    [InlineData(0x46554747u, 1u, "version 1")]
    [InlineData(0x46554747u, 0x03000000u, "big-endian")]
    public void Another_format_is_said_plainly(uint magic, uint version, string why)
    {
        GgufFileBuilder builder = Sound();
        (builder.Magic, builder.Version) = (magic, version);
        Refused(builder.Build(), why);
    }
}
