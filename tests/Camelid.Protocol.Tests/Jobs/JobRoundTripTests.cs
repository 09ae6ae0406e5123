using Camelid.Protocol.Jobs;
using Camelid.Protocol.Models;
using FsCheck;
using FsCheck.Fluent;

namespace Camelid.Protocol.Tests.Jobs;

/// <summary>
/// Rules J-01, J-12, E-20: what is written is read again, for drawn values. FsCheck prints a failing seed.
/// </summary>
public sealed class JobRoundTripTests
{
    private static readonly Config Quiet = Config.QuickThrowOnFailure.WithMaxTest(300);

    /// <summary>Any lists, once in canonical order, survive.</summary>
    [Fact]
    [Trait("Rule", "J-01")]
    public void Drawn_jobs_come_back_equal() => Prop.ForAll<uint[], string[], uint>(
        (tokens, texts, number) =>
        {
            JobParameters job = (SampleJobs.Small() with
            {
                PromptTokens = [number, .. tokens],
                StopTokens = [.. tokens.Take(JobParameters.StopTokensMax)],
                StopStrings = [.. texts.Where(IsStopString).Take(JobParameters.StopStringsMax)],
                MaxTokens = 1 + (number % JobParameters.TokensMax),
                FeeGrains = number,
                Sampling = new SamplingParameters
                {
                    TopK = number,
                    TemperatureMillionths = number % 2_000_001,
                    ClientSeed = number % 2 == 0 ? null : JobSeed.FromClient(number),
                    LogitBiases = [.. tokens.Select(Bias)],
                },
            }).InCanonicalOrder();
            return JobParameters.TryDecode(job.Encode(), out JobParameters? read) && job == read && job.Id == read.Id;
        }).Check(Quiet);

    [Fact]
    [Trait("Rule", "J-12")]
    [Trait("Rule", "E-20")]
    public void Drawn_outputs_open_with_their_key_and_with_no_other() => Prop.ForAll<uint[], uint, uint>(
        (tokens, first, seed) =>
        {
            JobOutput output = new()
            {
                Tokens = [first, .. tokens],
                Fingerprints = [seed, .. tokens.Reverse()],
                FinishReason = (FinishReason)(1 + (seed % 3)),
            };
            byte[] key = SampleJobs.HashOf($"{seed}").ToBytes();
            OutputCommitment commitment = OutputCommitment.Create(output, key);
            bool opens = OutputCommitment.TryOpen(
                commitment.Ciphertext, key, commitment.OutputRoot, out JobOutput? opened);
            key[seed % 32] ^= 1;
            bool opensElse = OutputCommitment.TryOpen(commitment.Ciphertext, key, commitment.OutputRoot, out _);
            return opens && output == opened && !opensElse;
        }).Check(Quiet);

    /// <summary>Hostile bytes: whatever is read is written again byte for byte, and nothing throws.</summary>
    [Fact]
    [Trait("Rule", "J-01")]
    public void Drawn_bytes_are_refused_or_are_canonical() => Prop.ForAll<byte[], int>((noise, cut) =>
    {
        byte[] bytes = SampleJobs.Rich().Encode();
        int at = (int)((uint)cut % bytes.Length);
        byte[] mixed = [.. bytes.AsSpan(0, at), .. noise, .. bytes.AsSpan(Math.Min(bytes.Length, at + noise.Length))];
        return (!JobParameters.TryDecode(mixed, out JobParameters? job) || job!.Encode().SequenceEqual(mixed))
            && !OutputDelivery.TryDecode(mixed, out _) && !WrongKeyProof.TryDecode(mixed, out _)
            && !Testament.TryDecode(noise, out _) && !Assignment.TryDecode(noise, out _);
    }).Check(Quiet);

    /// <summary>Rule J-07: any leaf of any tree.</summary>
    [Fact]
    [Trait("Rule", "J-07")]
    public void Drawn_leaves_are_proved_at_their_place() => Prop.ForAll<byte[], int>((bytes, index) =>
    {
        Hash256[] leaves = [ChunkTree.Leaf([]), .. bytes.Select(b => ChunkTree.Leaf([b]))];
        int at = (int)((uint)index % leaves.Length);
        HashPosition position = new(at, leaves.Length);
        return HashTree.Verify(HashTree.Root(leaves), leaves[at], position, HashTree.Path(leaves, at));
    }).Check(Quiet);

    private static LogitBias Bias(uint token) => new(token, (int)(token % 200_000_001) - 100_000_000);

    private static bool IsStopString(string? text) =>
        text is { Length: > 0 and < 60 } && !text.Any(char.IsSurrogate);
}
