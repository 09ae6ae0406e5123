using Camelid.Protocol.Jobs;
using Camelid.Protocol.Models;

namespace Camelid.Protocol.Tests.Jobs;

/// <summary>Rules J-12 and E-20 to E-24: outputs, their commitment, wrong keys.</summary>
public sealed class OutputCommitmentTests
{
    private static readonly byte[] Key = SampleJobs.HashOf("k").ToBytes();
    private static readonly byte[] OtherKey = SampleJobs.HashOf("other k").ToBytes();

    /// <summary>Rules J-12 and E-20, at the sizes around a full chunk and at the largest output.</summary>
    [Theory]
    [Trait("Rule", "J-12")]
    [Trait("Rule", "E-20")]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(7, 2)]
    [InlineData(8, 3)]
    [InlineData(2048, 513)]
    [InlineData(131_072, 32_769)]
    public void An_output_opens_with_its_key_to_itself(int tokens, int chunks)
    {
        JobOutput output = SampleJobs.Output(tokens);
        OutputCommitment commitment = OutputCommitment.Create(output, Key);
        Assert.Equal((uint)chunks, commitment.ChunkCount);
        Assert.Equal((uint)chunks, Testament.ChunksOf((uint)tokens));
        Assert.Equal(Hash160.Of(Key), commitment.KeyHash);
        Assert.True(OutputCommitment.TryOpen(commitment.Ciphertext, Key, commitment.OutputRoot, out JobOutput? opened));
        Assert.Equal(output, opened);
    }

    /// <summary>Rule E-21: an independent computation of pad, salt, leaves and root for a two-chunk output.</summary>
    [Fact]
    [Trait("Rule", "E-20")]
    [Trait("Rule", "E-21")]
    [Trait("Rule", "E-22")]
    public void Chunks_and_leaves_are_formed_as_the_rule_says()
    {
        JobOutput output = SampleJobs.Output(4);
        byte[] plain = [.. output.Encode(), .. new byte[64 - 37]];
        OutputCommitment commitment = OutputCommitment.Create(output, Key);
        byte[][] leaves = new byte[2][];
        byte[][] cipherLeaves = new byte[2][];
        for (byte i = 0; i < 2; i++)
        {
            byte[] index = [i, 0, 0, 0];
            byte[] pad = Sha([.. Key, .. "pad"u8, .. index]);
            byte[] salt = Sha([.. Key, .. "salt"u8, .. index]);
            byte[] chunk = plain[(32 * i)..(32 * (i + 1))];
            byte[] cipher = [.. chunk.Zip(pad, (p, mask) => (byte)(p ^ mask))];
            Assert.Equal(cipher, commitment.Ciphertext[(32 * i)..(32 * (i + 1))]);
            leaves[i] = Sha([0, .. index, .. salt, .. chunk]);
            cipherLeaves[i] = Sha([0, .. index, .. cipher]);
        }

        Assert.Equal(Sha([1, .. leaves[0], .. leaves[1]]), commitment.OutputRoot.ToBytes());
        Assert.Equal(Sha([1, .. cipherLeaves[0], .. cipherLeaves[1]]), commitment.CiphertextRoot.ToBytes());
    }

    [Fact]
    [Trait("Rule", "E-20")]
    public void Another_key_root_or_ciphertext_opens_nothing()
    {
        OutputCommitment commitment = OutputCommitment.Create(SampleJobs.Output(9), Key);
        Assert.False(OutputCommitment.TryOpen(commitment.Ciphertext, OtherKey, commitment.OutputRoot, out _));
        Assert.False(OutputCommitment.TryOpen(commitment.Ciphertext, Key, commitment.CiphertextRoot, out _));
        Assert.False(OutputCommitment.TryOpen(commitment.Ciphertext, Key.AsSpan(0, 31), commitment.OutputRoot, out _));
        Assert.False(OutputCommitment.TryOpen(commitment.Ciphertext.AsSpan()[..^1], Key, commitment.OutputRoot, out _));
        Assert.False(OutputCommitment.TryOpen([], Key, commitment.OutputRoot, out _));
        for (int i = 0; i < commitment.Ciphertext.Length; i++)
        {
            byte[] changed = [.. commitment.Ciphertext];
            changed[i] ^= 1;
            Assert.False(OutputCommitment.TryOpen(changed, Key, commitment.OutputRoot, out _), $"byte {i}");
        }
    }

    /// <summary>Rule E-21: a worker's commitment to one token can't be inverted by trying the vocabulary.</summary>
    [Fact]
    [Trait("Rule", "E-21")]
    public void A_short_answer_cannot_be_guessed_from_its_root()
    {
        JobOutput answer = Yes(1234);
        Hash256 root = OutputCommitment.Create(answer, Key).OutputRoot;
        Assert.Null(Guess(root, guess => Leaf(guess, new byte[32])));
        Assert.Equal(1234u, Guess(root, guess => Leaf(guess, Sha([.. Key, .. "salt"u8, 0, 0, 0, 0]))));
    }

    /// <summary>The control: the same commitment without salt is found.</summary>
    [Fact]
    [Trait("Rule", "E-21")]
    public void Without_salt_the_same_answer_is_guessed()
    {
        Hash256 root = Leaf(Yes(1234), []);
        Assert.Equal(1234u, Guess(root, guess => Leaf(guess, [])));
    }

    /// <summary>Rule E-23.</summary>
    [Fact]
    [Trait("Rule", "E-23")]
    public void A_changed_chunk_is_proved_by_the_key_and_one_chunk()
    {
        JobOutput output = SampleJobs.Output(2048);
        OutputCommitment honest = OutputCommitment.Create(output, Key);
        byte[] ciphertext = [.. honest.Ciphertext];
        ciphertext[(32 * 300) + 5] ^= 1;
        OutputDelivery delivery = honest.Delivery with { Ciphertext = ciphertext };
        Testament testament = SampleJobs.TestamentOf(honest, output) with
        {
            CiphertextRoot = HashTree.Root(OutputCommitment.CiphertextLeaves(ciphertext)),
        };
        Assert.True(delivery.IsBoundBy(testament));
        WrongKeyProof proof = Assert.IsType<WrongKeyProof>(delivery.ProveWrongKey(Key));
        Assert.Equal(300, proof.Index);
        Assert.Equal(WrongKeyFinding.Proved, proof.Judge(testament));
        Assert.InRange(proof.Encode().Length, 700, 800);
        Assert.True(WrongKeyProof.TryDecode(proof.Encode(), out WrongKeyProof? read));
        Assert.Equal(proof, read);
        Assert.False(WrongKeyProof.TryDecode([.. proof.Encode(), 0], out _));
    }

    /// <summary>Rule E-23: a worker that commits to h(k′) of a key that opens nothing is proved wrong too.</summary>
    [Fact]
    [Trait("Rule", "E-23")]
    public void A_wrong_key_is_proved_and_an_honest_worker_is_safe()
    {
        JobOutput output = SampleJobs.Output(20);
        OutputCommitment honest = OutputCommitment.Create(output, Key);
        Testament testament = SampleJobs.TestamentOf(honest, output);
        Testament cheat = testament with { KeyHash = Hash160.Of(OtherKey) };
        Assert.Null(honest.Delivery.ProveWrongKey(Key));
        WrongKeyProof proof = Assert.IsType<WrongKeyProof>(honest.Delivery.ProveWrongKey(OtherKey));
        Assert.Equal(WrongKeyFinding.Proved, proof.Judge(cheat));
        Assert.Equal(WrongKeyFinding.KeyNotCommitted, proof.Judge(testament));
        WrongKeyProof forged = proof with { Key = Hash256.FromBytes(Key) };
        Assert.Equal(WrongKeyFinding.KeyIsRight, forged.Judge(testament));
        Hash256 other = SampleJobs.HashOf("other");
        Assert.Equal(WrongKeyFinding.ChunkNotBound, (forged with { Chunk = other }).Judge(testament));
        Assert.Equal(WrongKeyFinding.LeafNotBound, (forged with { OutputLeaf = other }).Judge(testament));
        Assert.Equal(WrongKeyFinding.ChunkNotBound, (forged with { Index = 1 }).Judge(testament));
        Assert.Equal(WrongKeyFinding.ChunkNotBound, (forged with { Index = -1 }).Judge(testament));
        Assert.Equal(WrongKeyFinding.ChunkNotBound, (forged with { ChunkPath = [] }).Judge(testament));
        Assert.Equal(WrongKeyFinding.LeafNotBound, (forged with { OutputPath = [other] }).Judge(testament));
    }

    /// <summary>Rule E-24.</summary>
    [Fact]
    [Trait("Rule", "E-24")]
    public void A_client_pays_only_for_a_delivery_that_the_testament_binds()
    {
        JobOutput output = SampleJobs.Output(20);
        OutputCommitment commitment = OutputCommitment.Create(output, Key);
        Testament testament = SampleJobs.TestamentOf(commitment, output);
        OutputDelivery delivery = commitment.Delivery;
        Assert.True(delivery.IsBoundBy(testament));
        Assert.True(OutputDelivery.TryDecode(delivery.Encode(), out OutputDelivery? read));
        Assert.Equal(delivery, read);
        Assert.False(OutputDelivery.TryDecode([.. delivery.Encode(), 0], out _));
        Assert.False(OutputDelivery.TryDecode(delivery.Encode().AsSpan()[..^32], out _));
        byte[] changed = [.. delivery.Ciphertext];
        changed[^1] ^= 1;
        Assert.False((delivery with { Ciphertext = changed }).IsBoundBy(testament));
        Assert.False((delivery with { Ciphertext = delivery.Ciphertext[..^32] }).IsBoundBy(testament));
        Assert.False((delivery with { OutputLeaves = [.. delivery.OutputLeaves.Reverse()] }).IsBoundBy(testament));
        Assert.False(delivery.IsBoundBy(testament with { ChunkCount = 5 }));
    }

    /// <summary>Rule J-12.</summary>
    [Fact]
    [Trait("Rule", "J-12")]
    public void An_output_out_of_form_is_neither_written_nor_read()
    {
        JobOutput good = SampleJobs.Output(2);
        Assert.True(JobOutput.TryDecode(good.Encode(), out JobOutput? read));
        Assert.Equal(good, read);
        Assert.False(JobOutput.TryDecode([.. good.Encode(), 0], out _));
        Assert.False(JobOutput.TryDecode(good.Encode().AsSpan()[..^1], out _));
        Assert.False(JobOutput.TryDecode([4, .. good.Encode().AsSpan(1)], out _));
        Assert.False(JobOutput.TryDecode([1, 0, 0, 0, 0], out _));
        Assert.True(JobOutput.TryDecode([3, 0, 0, 0, 0], out _));
        Assert.False(JobOutput.TryDecode([1, 1, 0, 2, 0, .. new byte[8 * 131_073]], out _));
        Assert.Throws<ArgumentException>(() => (good with { Fingerprints = [1] }).Encode());
        Assert.Throws<ArgumentException>(() => SampleJobs.Output(0).Encode());
        Assert.Throws<ArgumentException>(() => SampleJobs.Output(131_073).Encode());
        Assert.Throws<ArgumentException>(() => OutputCommitment.Create(good, new byte[31]));
    }

    /// <summary>Rule E-20: padding that is not zero would let two plaintexts be one output.</summary>
    [Fact]
    [Trait("Rule", "E-20")]
    public void Padding_other_than_zero_is_refused_even_where_it_is_committed_to()
    {
        byte[] plain = [.. SampleJobs.Output(1).Encode(), .. new byte[19]];
        Assert.True(Opens(plain));
        plain[^1] = 1;
        Assert.False(Opens(plain));
        Assert.False(Opens([.. SampleJobs.Output(1).Encode(), .. new byte[19 + 32]]));
    }

    private static bool Opens(byte[] plain)
    {
        byte[] cipher = new byte[plain.Length];
        Hash256[] leaves = new Hash256[plain.Length / 32];
        for (int i = 0; i < leaves.Length; i++)
        {
            byte[] index = [(byte)i, 0, 0, 0];
            byte[] pad = Sha([.. Key, .. "pad"u8, .. index]);
            byte[] chunk = plain[(32 * i)..(32 * (i + 1))];
            chunk.Zip(pad, (p, mask) => (byte)(p ^ mask)).ToArray().CopyTo(cipher, 32 * i);
            leaves[i] = Hashes.Sha256([0, .. index, .. Sha([.. Key, .. "salt"u8, .. index]), .. chunk]);
        }

        return OutputCommitment.TryOpen(cipher, Key, HashTree.Root(leaves), out _);
    }

    private static JobOutput Yes(uint token) =>
        new() { Tokens = [token], Fingerprints = [0], FinishReason = FinishReason.Length };

    private static Hash256 Leaf(JobOutput output, byte[] salt) =>
        Hashes.Sha256([0, 0, 0, 0, 0, .. salt, .. output.Encode(), .. new byte[19]]);

    private static uint? Guess(Hash256 root, Func<JobOutput, Hash256> leafOf)
    {
        for (uint token = 0; token < 4096; token++)
        {
            if (leafOf(Yes(token)) == root)
            {
                return token;
            }
        }

        return null;
    }

    private static byte[] Sha(byte[] data) => System.Security.Cryptography.SHA256.HashData(data);
}
