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

    /// <summary>Rule J-05: the client gives its job to one stake and reveals the nonce.</summary>
    /// <param name="jobId">The job, whose offer is open.</param>
    /// <param name="nonce">The nonce that its parameters commit to.</param>
    /// <param name="chosen">Another operator's stake, or none for the own worker's.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<(SignedWord Word, StakeId Stake)> AssignAsync(
        JobId jobId, Hash256 nonce, StakeId chosen, CancellationToken cancellationToken)
    {
        OfferRow offer = await parts.OfferAsync(jobId, cancellationToken);
        StakeId stake = chosen.IsNone ? StakeOf(KeyRole.Worker) : chosen;
        if (stake.IsNone)
        {
            throw SignerParts.Refused("no-stake", "the worker's stake is in no block yet. Try again in some seconds.");
        }

        if (!chosen.IsNone)
        {
            CheckConfirmed(chosen, offer.Job);
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

    /// <summary>Rule J-05: only a stake that was in a block before the job was made can be assigned one.</summary>
    private void CheckConfirmed(StakeId chosen, JobParameters job)
    {
        Utxo? stake = parts.StakeAt(chosen);
        if (stake is null || stake.BlockTime > job.Created)
        {
            throw SignerParts.Refused(
                "unknown-stake", $"stake_id: {chosen} was in no block when job {job.Id} was created at {job.Created}");
        }
    }

    /// <summary>Signs the first word of its kind for a job, and gives it again; a different one is refused.</summary>
    public async Task<SignedWord> SignOnceAsync(
        JobId jobId, string kind, Word word, CancellationToken cancellationToken)
    {
        SignedWord signed = Sign(word.Role, word.Digest);
        SignedWordRow kept = await parts.Store.AddWordAsync(
            jobId, kind, new SignedWordRow { Body = word.Body, Signature = signed.Signature }, cancellationToken);
        return kept.Body.AsSpan().SequenceEqual(word.Body)
            ? signed with { Signature = kept.Signature }
            : throw SignerParts.Refused($"second-{kind}", $"job {jobId}: another {kind} was signed before");
    }

    /// <summary>Signs with a role's key.</summary>
    public SignedWord Sign(KeyRole role, Hash256 digest)
    {
        RoleKey key = parts.State.Keys[role];
        return new SignedWord(parts.State.Curve.Sign(key.Private, digest), key.Public);
    }

}

/// <summary>What is to be signed.</summary>
/// <param name="Role">By whom.</param>
/// <param name="Body">The canonical bytes that are kept.</param>
/// <param name="Digest">Their tagged hash.</param>
internal sealed record Word(KeyRole Role, byte[] Body, Hash256 Digest);
