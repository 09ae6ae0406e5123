using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;
using Camelid.Protocol.Verification;

namespace Camelid.Chain.Signing;

/// <summary>A signature and the key that made it.</summary>
internal sealed record SignedWord(byte[] Signature, PublicKey Key);

/// <summary>
/// Signs what the roles say about a job. One word of a kind for each job: a second, different one is refused.
/// </summary>
internal sealed class WordSigner(SignerParts parts)
{
    private Hash256 Genesis => parts.State.Network.GenesisHash.Value;

    /// <summary>The stake of a role: the oldest that is in a block; none before funding.</summary>
    public StakeId StakeOf(KeyRole role) => parts.State.Read(reading =>
    {
        OutPoint first = reading.Outputs.Own(OutputKind.Stake, role)
            .OrderBy(pair => pair.Value.Height).ThenBy(pair => pair.Key.Txid).ThenBy(pair => pair.Key.Index)
            .Select(pair => pair.Key).FirstOrDefault();
        return new StakeId(first.Txid.Value, first.Index);
    });

    /// <summary>Rule J-05: the client gives its job to the worker's stake and reveals the nonce.</summary>
    public async Task<(SignedWord Word, StakeId Stake)> AssignAsync(
        JobId jobId, Hash256 nonce, CancellationToken cancellationToken)
    {
        OfferRow offer = await parts.OfferAsync(jobId, cancellationToken);
        StakeId stake = StakeOf(KeyRole.Worker);
        if (stake.IsNone)
        {
            throw SignerParts.Refused("no-stake", "the worker's stake is in no block yet. Try again in some seconds.");
        }

        Assignment assignment = new() { Genesis = Genesis, JobId = jobId, Stake = stake, Nonce = nonce };
        if (!assignment.Fits(offer.Job))
        {
            throw SignerParts.Bad("nonce: it is not the one that the job's parameters commit to");
        }

        SignedWord word = await SignOnceAsync(
            jobId, "assignment", new Word(KeyRole.Client, assignment.Encode(), assignment.SigningHash),
            cancellationToken);
        return (word, stake);
    }

    /// <summary>Rule E-25: the worker's testament, one for each job.</summary>
    public Task<SignedWord> SignTestamentAsync(Testament testament, CancellationToken cancellationToken)
    {
        if (testament.Genesis != Genesis || testament.Stake != StakeOf(KeyRole.Worker)
            || testament.RewardAddress != parts.State.Keys[KeyRole.Worker].Address.KeyHash)
        {
            throw SignerParts.Bad(
                "testament: of another network, or with another stake or reward address than the worker's");
        }

        return SignOnceAsync(
            testament.JobId, "testament", new Word(KeyRole.Worker, testament.Encode(), testament.Hash),
            cancellationToken);
    }

    /// <summary>Rule V-08: the verifier's word; a later one may differ, since checks may be repeated.</summary>
    public SignedWord SignAttestation(VerificationAttestation attestation)
    {
        if (attestation.Genesis != Genesis || attestation.Verifier != StakeOf(KeyRole.Verifier))
        {
            throw SignerParts.Bad("attestation: of another network, or with another stake than the verifier's");
        }

        return Sign(KeyRole.Verifier, attestation.SigningHash);
    }

    /// <summary>The client stops its job after so many tokens.</summary>
    public async Task<SignedWord> SignCancellationAsync(
        JobId jobId, uint tokenCount, CancellationToken cancellationToken)
    {
        OfferRow offer = await parts.OfferAsync(jobId, cancellationToken);
        if (tokenCount > offer.Job.MaxTokens)
        {
            throw SignerParts.Bad($"token_count: {tokenCount}, the job has at most {offer.Job.MaxTokens}");
        }

        byte[] body = Cancellation.Encode(Genesis, jobId, tokenCount);
        Hash256 digest = Cancellation.SigningHash(Genesis, jobId, tokenCount);
        return await SignOnceAsync(
            jobId, "cancellation", new Word(KeyRole.Client, body, digest), cancellationToken);
    }

    private async Task<SignedWord> SignOnceAsync(
        JobId jobId, string kind, Word word, CancellationToken cancellationToken)
    {
        SignedWord signed = Sign(word.Role, word.Digest);
        SignedWordRow kept = await parts.Store.AddWordAsync(
            jobId, kind, new SignedWordRow { Body = word.Body, Signature = signed.Signature }, cancellationToken);
        return kept.Body.AsSpan().SequenceEqual(word.Body)
            ? signed with { Signature = kept.Signature }
            : throw SignerParts.Refused($"second-{kind}", $"job {jobId}: another {kind} was signed before");
    }

    private SignedWord Sign(KeyRole role, Hash256 digest)
    {
        RoleKey key = parts.State.Keys[role];
        return new SignedWord(parts.State.Curve.Sign(key.Private, digest), key.Public);
    }

    private sealed record Word(KeyRole Role, byte[] Body, Hash256 Digest);
}
