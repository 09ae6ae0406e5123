using System.Security.Cryptography;
using Camelid.Protocol.Models;
using Camelid.Protocol.Tests.Jobs;

namespace Camelid.Protocol.Tests.Models;

/// <summary>Rules J-07 to J-09: trees, chunks, model roots.</summary>
public sealed class ChunkTreeTests
{
    /// <summary>Rule J-07: every leaf of every small tree, at its own place and at every other.</summary>
    [Fact]
    [Trait("Rule", "J-07")]
    public void A_proof_holds_for_its_leaf_its_place_and_its_count_only()
    {
        for (int count = 1; count <= 17; count++)
        {
            Hash256[] leaves = Leaves(count);
            Hash256 root = HashTree.Root(leaves);
            for (int i = 0; i < count; i++)
            {
                IReadOnlyList<Hash256> path = HashTree.Path(leaves, i);
                Assert.Equal(path.Count, HashTree.PathLength(new HashPosition(i, count)));
                for (int j = -1; j <= count; j++)
                {
                    Assert.Equal(i == j, HashTree.Verify(root, leaves[i], new HashPosition(j, count), path));
                }

                HashPosition place = new(i, count);
                Assert.False(HashTree.Verify(root, SampleJobs.HashOf("other"), place, path));
                Assert.False(HashTree.Verify(root, leaves[i], place, [.. path, root]));
                Assert.Equal(count == 1, HashTree.Verify(root, leaves[i], place, []));
            }
        }
    }

    /// <summary>Rule J-07: Bitcoin's tree gives both lists one root (CVE-2012-2459).</summary>
    [Theory]
    [Trait("Rule", "J-07")]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(6)]
    public void A_doubled_last_node_gives_another_root(int count)
    {
        Hash256[] leaves = Leaves(count);
        int doubled = count == 6 ? 2 : 1;
        Hash256[] longer = [.. leaves, .. leaves[^doubled..]];
        Assert.NotEqual(HashTree.Root(leaves), HashTree.Root(longer));
        Assert.Equal(BitcoinRoot(leaves), BitcoinRoot(longer));
    }

    /// <summary>Rule J-07: an inner node is no leaf.</summary>
    [Fact]
    [Trait("Rule", "J-07")]
    public void Two_leaves_and_their_bytes_as_one_chunk_have_different_roots()
    {
        Hash256[] leaves = Leaves(2);
        byte[] together = [.. leaves[0].ToBytes(), .. leaves[1].ToBytes()];
        Assert.NotEqual(HashTree.Root(leaves), ChunkTree.Root([ChunkTree.Leaf(together)]));
        Assert.Equal(
            Hash256.FromBytes(SHA256.HashData([1, .. together])), HashTree.Root(leaves));
        Assert.Equal(Hash256.FromBytes(SHA256.HashData([0, .. together])), ChunkTree.Leaf(together));
    }

    /// <summary>Rule J-08: sizes at the edges of a chunk.</summary>
    [Theory]
    [Trait("Rule", "J-08")]
    [InlineData(0, 1, 0)]
    [InlineData(1, 1, 1)]
    [InlineData(1 << 20, 1, 1 << 20)]
    [InlineData((1 << 20) + 1, 2, 1)]
    [InlineData(3 << 20, 3, 1 << 20)]
    public void A_size_fixes_the_count_and_the_last_length(long bytes, int count, int lastLength)
    {
        Assert.Equal(count, ChunkTree.ChunkCount(bytes));
        Assert.Equal(lastLength, ChunkTree.ChunkLength(bytes, count - 1));
    }

    [Fact]
    [Trait("Rule", "J-08")]
    public void Sizes_and_chunks_beyond_their_bounds_are_refused()
    {
        Assert.Equal(1 << 22, ChunkTree.ChunkCount(ChunkTree.FileBytesMax));
        Assert.Throws<ArgumentOutOfRangeException>(() => ChunkTree.ChunkCount(ChunkTree.FileBytesMax + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ChunkTree.ChunkCount(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ChunkTree.Leaf(new byte[ChunkTree.ChunkBytes + 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => HashTree.Root([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => HashTree.Path(Leaves(2), 2));
    }

    /// <summary>Rule J-08: right, changed, cut and moved chunks.</summary>
    [Fact]
    [Trait("Rule", "J-08")]
    public void A_chunk_is_accepted_only_whole_unchanged_and_at_its_place()
    {
        byte[] content = new byte[(2 * ChunkTree.ChunkBytes) + 100];
        content[5] = 1;
        content[ChunkTree.ChunkBytes + 5] = 2;
        ModelFile file = ModelFile.Of("model.onnx", content);
        IReadOnlyList<Hash256> leaves = ChunkTree.Leaves(content);
        byte[] first = content[..ChunkTree.ChunkBytes];
        IReadOnlyList<Hash256> path = ChunkTree.Prove(leaves, 0);
        Assert.True(ChunkTree.Verify(file, 0, first, path));
        Assert.True(ChunkTree.Verify(file, 2, content.AsSpan(2 * ChunkTree.ChunkBytes), ChunkTree.Prove(leaves, 2)));
        Assert.False(ChunkTree.Verify(file, 1, first, path));
        Assert.False(ChunkTree.Verify(file, 3, first, path));
        Assert.False(ChunkTree.Verify(file, -1, first, path));
        Assert.False(ChunkTree.Verify(file, 0, first.AsSpan(1), path));
        Assert.False(ChunkTree.Verify(file, 0, content.AsSpan(ChunkTree.ChunkBytes, ChunkTree.ChunkBytes), path));
        first[^1] ^= 1;
        Assert.False(ChunkTree.Verify(file, 0, first, path));
    }

    /// <summary>Rule J-09: names, sizes, contents and the manifest are all part of the model.</summary>
    [Fact]
    [Trait("Rule", "J-09")]
    public void A_model_root_covers_manifest_names_and_contents_in_any_order()
    {
        ModelFile weights = ModelFile.Of("model.onnx", "weights"u8);
        ModelFile tokens = ModelFile.Of("tokenizer/vocab.json", "tokens"u8);
        Hash256 root = ModelRoot.Compute("{}"u8, [weights, tokens]);
        Assert.Equal(root, ModelRoot.Compute("{}"u8, [tokens, weights]));
        Hash256[] others =
        [
            root,
            ModelRoot.Compute("{ }"u8, [weights, tokens]),
            ModelRoot.Compute("{}"u8, [weights]),
            ModelRoot.Compute("{}"u8, [weights with { Path = "model2.onnx" }, tokens]),
            ModelRoot.Compute("{}"u8, [weights with { Bytes = 8 }, tokens]),
            ModelRoot.Compute("{}"u8, [ModelFile.Of("model.onnx", "weighty"u8), tokens]),
            ModelRoot.Compute("{}"u8, [weights with { Root = tokens.Root }, tokens with { Root = weights.Root }]),
        ];
        Assert.Distinct(others);
    }

    /// <summary>Rule J-09: a model from a stranger must not write outside its folder.</summary>
    [Theory]
    [Trait("Rule", "J-09")]
    [InlineData("model.onnx", true)]
    [InlineData("a/b-c_d/e.1", true)]
    [InlineData("", false)]
    [InlineData("/etc/passwd", false)]
    [InlineData("../x", false)]
    [InlineData("a/../x", false)]
    [InlineData("a//x", false)]
    [InlineData("a/", false)]
    [InlineData(".hidden", false)]
    [InlineData("a\\x", false)]
    [InlineData("c:x", false)]
    [InlineData("ä", false)]
    public void A_path_stays_inside_its_model(string path, bool good)
    {
        Assert.Equal(good, ModelFile.IsPath(path));
        if (!good)
        {
            Assert.Throws<ArgumentException>(() => ModelRoot.Compute([], [ModelFile.Of(path, [])]));
        }
    }

    [Fact]
    [Trait("Rule", "J-09")]
    public void A_path_twice_too_long_or_too_many_files_are_refused()
    {
        ModelFile file = ModelFile.Of("a", []);
        Assert.True(ModelFile.IsPath(new string('a', 255)));
        Assert.False(ModelFile.IsPath(new string('a', 256)));
        Assert.Throws<ArgumentException>(() => ModelRoot.Compute([], [file, file]));
        ModelFile[] many = [.. Enumerable.Range(0, 4097).Select(i => file with { Path = $"{i}" })];
        Assert.NotEqual(default, ModelRoot.Compute([], many[..4096]));
        Assert.Throws<ArgumentException>(() => ModelRoot.Compute([], many));
    }

    private static Hash256[] Leaves(int count) =>
        [.. Enumerable.Range(0, count).Select(i => ChunkTree.Leaf([(byte)i]))];

    private static Hash256 BitcoinRoot(Hash256[] level)
    {
        while (level.Length > 1)
        {
            Hash256[] even = level.Length % 2 == 0 ? level : [.. level, level[^1]];
            level = [.. even.Chunk(2).Select(pair => Hashes.Sha256d([.. pair[0].ToBytes(), .. pair[1].ToBytes()]))];
        }

        return level[0];
    }
}
