using Camelid.Protocol.Models;
using Camelid.Protocol.Models.Chunks;
using Camelid.Protocol.Tests.Jobs;
using FsCheck;
using FsCheck.Fluent;

namespace Camelid.Protocol.Tests.Models.Chunks;

/// <summary>Rules J-30 to J-34: messages of a chunk stream, and what they carry.</summary>
public sealed class ChunkMessageTests
{
    private static readonly Config Quiet = Config.QuickThrowOnFailure.WithMaxTest(400);

    private static readonly Hash256 Root = SampleJobs.HashOf("model");

    public static TheoryData<ChunkKind> Kinds => [.. Samples.Keys.Order()];

    private static Dictionary<ChunkKind, ChunkMessage> Samples { get; } = new ChunkMessage[]
    {
        new ChunkHello(SampleJobs.HashOf("genesis"), 8),
        new GetHead(Root, 7),
        new HeadPart(Root, 1000, 990, new byte[10]),
        new GetHave(Root),
        new HaveChunks(Root, Bits(11, 0, 3, 10)),
        new GetChunks(Root, 3, [0, 5, 4_000_000]),
        new ChunkAnswer(Root, new ChunkPlace(3, 5), [SampleJobs.HashOf("a"), SampleJobs.HashOf("b")], new byte[20]),
        new HaveNot(Root, 3, [5]),
        new ChunkBye(ByeReason.Busy),
    }.ToDictionary(message => message.Kind);

    [Fact]
    public void There_is_a_sample_of_each_kind() => Assert.Equal(
        Enum.GetValues<ChunkKind>().Where(kind => kind != ChunkKind.Unknown), Samples.Keys.Order());

    /// <summary>Rule J-30: one encoding, within its bound.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    [Trait("Rule", "J-30")]
    public void A_message_comes_back_equal(ChunkKind kind)
    {
        ChunkMessage message = Samples[kind];
        byte[] frame = message.EncodeFrame();
        Assert.True(ChunkMessage.TryReadPrefix(frame.AsSpan(0, ChunkMessage.PrefixBytes), out int bodyBytes));
        Assert.Equal(frame.Length - ChunkMessage.LengthBytes, bodyBytes);
        Assert.InRange(bodyBytes, 1, ChunkMessage.BodyBytesMaxOf(kind));
        ChunkMessage? read = ChunkMessage.Decode(frame.AsMemory(ChunkMessage.LengthBytes));
        Assert.Equal(message, read);
        Assert.Equal(message.GetHashCode(), read!.GetHashCode());
        Assert.Equal(frame, read.EncodeFrame());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_message_cut_short_is_refused_but_for_the_content_of_a_chunk(ChunkKind kind)
    {
        byte[] body = Body(Samples[kind]);
        for (int length = 0; length < body.Length; length++)
        {
            ChunkMessage? read = ChunkMessage.Decode(body.AsMemory(0, length));
            Assert.True(read is null || (kind == ChunkKind.Chunk && length >= body.Length - 20));
        }

        Assert.Equal(kind != ChunkKind.Chunk, ChunkMessage.Decode((byte[])[.. body, 0]) is null);
    }

    /// <summary>Rule J-30 for hostile bytes: what is read is written again as it was.</summary>
    [Fact]
    public void Drawn_bytes_are_refused_or_are_canonical() => Prop.ForAll<int, byte[], int>((which, noise, cut) =>
    {
        byte[] body = Body(Samples[(ChunkKind)(1 + ((uint)which % Samples.Count))]);
        int at = (int)((uint)cut % (body.Length + 1));
        byte[] mixed = [.. body.AsSpan(0, at), .. noise, .. body.AsSpan(Math.Min(body.Length, at + noise.Length))];
        return ChunkMessage.Decode(mixed) is not { } read || Body(read).SequenceEqual(mixed);
    }).Check(Quiet);

    /// <summary>Rule J-30: a length is judged by its kind before anything is kept for it.</summary>
    [Theory]
    [InlineData(ChunkKind.GetChunks, GetChunks.BytesMax, true)]
    [InlineData(ChunkKind.GetChunks, GetChunks.BytesMax + 1, false)]
    [InlineData(ChunkKind.Chunk, ChunkAnswer.BytesMax, true)]
    [InlineData(ChunkKind.Chunk, ChunkAnswer.BytesMax + 1, false)]
    [InlineData(ChunkKind.Bye, 0, false)]
    [InlineData(ChunkKind.Unknown, 1, false)]
    [InlineData((ChunkKind)10, 1, false)]
    [InlineData(ChunkKind.Hello, -1, false)]
    public void A_frame_longer_than_its_kind_allows_is_refused_by_its_prefix(ChunkKind kind, int length, bool isGood)
    {
        byte[] prefix = new CanonicalWriter().UInt32(unchecked((uint)length)).Byte((byte)kind).ToArray();
        Assert.Equal(isGood, ChunkMessage.TryReadPrefix(prefix, out int bodyBytes));
        Assert.Equal(isGood ? length : 0, bodyBytes);
    }

    /// <summary>Rule J-31: another version, and a window of none or too many, are no greeting.</summary>
    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(1, ChunkHello.WindowMax, true)]
    [InlineData(1, ChunkHello.WindowMax + 1, false)]
    [InlineData(1, 0, false)]
    [InlineData(2, 1, false)]
    [Trait("Rule", "J-31")]
    public void A_greeting_names_its_version_and_a_window(ushort version, ushort window, bool isGood) => Assert.Equal(
        isGood, ChunkMessage.Decode(new CanonicalWriter().Byte((byte)ChunkKind.Hello).Hash(Root).UInt16(version)
            .UInt16(window).ToArray()) is not null);

    /// <summary>Rule J-32: a head is that model's whose root it has, and no other's.</summary>
    [Fact]
    [Trait("Rule", "J-32")]
    public void A_head_is_read_under_its_own_root_only()
    {
        byte[] manifest = [1, 2, 3];
        ModelFile[] files = [new("a.bin", 5, Root), new("b.bin", ChunkTree.ChunkBytes + 1, Root)];
        ModelHead head = ModelHead.Of(manifest, files)!;
        byte[] bytes = head.Encode();
        ModelHead read = ModelHead.Decode(bytes, head.Root)!;
        Assert.Equal(ModelRoot.Compute(manifest, files), read.Root);
        Assert.Equal(files, read.Layout.Files);
        Assert.Equal(manifest, read.Manifest.ToArray());
        Assert.Null(ModelHead.Decode(bytes, Root));
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] changed = [.. bytes];
            changed[i] ^= 1;
            Assert.Null(ModelHead.Decode(changed, head.Root));
            Assert.Null(ModelHead.Decode(bytes.AsSpan(0, i), head.Root));
        }

        Assert.Null(ModelHead.Of(manifest, [files[1], files[0]]));
        Assert.Null(ModelHead.Of(manifest, [files[0], files[0]]));
        Assert.Null(ModelHead.Of(manifest, []));
        Assert.Null(ModelHead.Of(manifest, [new ModelFile("../a", 5, Root)]));
    }

    [Fact]
    public void Parts_of_a_head_make_the_head_again()
    {
        byte[] head = new byte[(2 * HeadPart.PartBytesMax) + 5];
        new Random(3).NextBytes(head);
        List<byte> joined = [];
        for (HeadPart? part; (part = HeadPart.Of(Root, head, joined.Count)) is not null;)
        {
            HeadPart read = Assert.IsType<HeadPart>(ChunkMessage.Decode(Body(part)));
            Assert.Equal((head.Length, joined.Count), (read.Total, read.Offset));
            joined.AddRange(read.Part.Span);
        }

        Assert.Equal(head, joined);
    }

    /// <summary>Rule J-33: the path proves the chunk at its place of its file; nothing else does.</summary>
    [Fact]
    [Trait("Rule", "J-33")]
    public void A_chunk_is_proven_at_its_own_place_only()
    {
        byte[] file = new byte[(3 * ChunkTree.ChunkBytes) + 9];
        new Random(4).NextBytes(file);
        IReadOnlyList<Hash256> leaves = ChunkTree.Leaves(file);
        ChunkProofs proofs = new(leaves);
        ModelLayout layout = ModelLayout.Of([new ModelFile("a", 0, Root), ModelFile.Of("b", file)])!;
        for (int index = 0; index < leaves.Count; index++)
        {
            Assert.Equal(ChunkTree.Prove(leaves, index), proofs.PathOf(index));
            int start = index * ChunkTree.ChunkBytes;
            byte[] content = file.AsSpan(start, ChunkTree.ChunkLength(file.Length, index)).ToArray();
            ChunkAnswer good = new(Root, new ChunkPlace(1, index), proofs.PathOf(index), content);
            byte[] frame = [.. ChunkAnswer.EncodeFrameBefore(Root, good.Place, good.Path, content.Length), .. content];
            Assert.Equal(good.EncodeFrame(), frame);
            Assert.True(good.IsProven(layout));
            Assert.False((good with { Place = new ChunkPlace(1, index ^ 1) }).IsProven(layout));
            Assert.False((good with { Place = new ChunkPlace(0, index) }).IsProven(layout));
            Assert.False((good with { Place = new ChunkPlace(2, index) }).IsProven(layout));
            Assert.False((good with { Content = content.AsMemory(1) }).IsProven(layout));
            Assert.False((good with { Path = good.Path.Skip(1).ToArray() }).IsProven(layout));
            content[^1] ^= 1;
            Assert.False(good.IsProven(layout));
        }

        Assert.Equal(layout.Files[1].Root, proofs.Root);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(GetChunks.IndicesMax, true)]
    [InlineData(GetChunks.IndicesMax + 1, false)]
    [InlineData(0, false)]
    public void An_ask_names_1_to_16_chunks(int count, bool isGood)
    {
        CanonicalWriter writer = new();
        writer.Byte((byte)ChunkKind.GetChunks).Hash(Root).UInt16(0).Byte((byte)count);
        for (uint index = 0; index < count; index++)
        {
            writer.UInt32(index);
        }

        Assert.Equal(isGood, ChunkMessage.Decode(writer.ToArray()) is not null);
        Assert.Null(ChunkMessage.Decode(Body(new GetChunks(Root, 0, [4, 4]))));
    }

    /// <summary>Rule J-34: numbers go through the files by path, and every place has its own.</summary>
    [Fact]
    [Trait("Rule", "J-34")]
    public void Chunks_are_numbered_through_all_files()
    {
        long[] sizes = [0, 1, ChunkTree.ChunkBytes, ChunkTree.ChunkBytes + 1, 0, 5 * ChunkTree.ChunkBytes];
        ModelLayout layout = ModelLayout.Of([.. sizes.Select((size, i) => new ModelFile($"f{i}", size, Root))])!;
        Assert.Equal(11, layout.ChunksCount);
        Assert.Equal(sizes.Sum(), layout.BytesCount);
        Assert.Equal(sizes.Sum(), Enumerable.Range(0, 11).Sum(number => (long)layout.LengthOf(layout.PlaceOf(number))));
        for (int number = 0; number < layout.ChunksCount; number++)
        {
            Assert.Equal(number, layout.NumberOf(layout.PlaceOf(number)));
        }

        Assert.Null(layout.NumberOf(new ChunkPlace(1, 1)));
        Assert.Null(layout.NumberOf(new ChunkPlace(6, 0)));
        Assert.Null(ModelLayout.Of(
            [new ModelFile("a", ChunkTree.FileBytesMax, Root), new ModelFile("b", 1, Root)]));
    }

    /// <summary>Rule J-34: a bitmap has one form: its own length, nothing behind the end, never all.</summary>
    [Fact]
    public void A_bitmap_has_one_form()
    {
        ChunkBits bits = Bits(11, 0, 3, 10);
        Assert.Equal((3, false, 1, 4), (bits.SetCount, bits.IsFull, bits.NextClear(0), bits.NextClear(3)));
        Assert.Equal(11, ChunkBits.Full(11).NextClear(0));
        Assert.Null(ChunkBits.FromBytes(11, [0, 0b1000]));
        Assert.Null(ChunkBits.FromBytes(11, [0]));
        Assert.Null(ChunkBits.FromBytes(0, []));
        Assert.NotNull(ChunkBits.FromBytes(11, [255, 0b111]));
        byte[] full = new CanonicalWriter().Byte((byte)ChunkKind.HaveChunks).Hash(Root).UInt32(8).Byte(255).ToArray();
        Assert.Null(ChunkMessage.Decode(full));
        bits.Clear(3);
        bits.Clear(3);
        Assert.Equal((2, false), (bits.SetCount, bits[3]));
    }

    /// <summary>Rule J-38: a file of progress is that model's and whole, or it is nothing.</summary>
    [Fact]
    [Trait("Rule", "J-38")]
    public void A_torn_or_foreign_file_of_progress_is_refused()
    {
        byte[] file = PullProgress.Encode(Root, Bits(11, 2));
        Assert.Equal(Bits(11, 2).ToBytes(), PullProgress.Decode(file, Root, 11)!.ToBytes());
        Assert.Null(PullProgress.Decode(file, SampleJobs.HashOf("other"), 11));
        Assert.Null(PullProgress.Decode(file, Root, 12));
        for (int i = 0; i < file.Length; i++)
        {
            byte[] changed = [.. file];
            changed[i] ^= 4;
            Assert.Null(PullProgress.Decode(changed, Root, 11));
            Assert.Null(PullProgress.Decode(file.AsSpan(0, i), Root, 11));
        }
    }

    private static byte[] Body(ChunkMessage message) => message.EncodeFrame()[ChunkMessage.LengthBytes..];

    private static ChunkBits Bits(int count, params int[] set)
    {
        ChunkBits bits = new(count);
        foreach (int chunk in set)
        {
            bits.Set(chunk);
        }

        return bits;
    }
}
