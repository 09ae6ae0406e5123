using Camelid.Client.Receipts;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;

namespace Camelid.Cli.Verification;

/// <summary>Readable fields against the canonical bytes beside them: names each field that was changed.</summary>
internal static class ReceiptFieldsCheck
{
    public static void Parameters(ReceiptParameters said, JobParameters signed, FindingList findings)
    {
        findings.Same("parameters.modelRoot", said.ModelRoot, signed.ModelRoot.ToString());
        findings.Same("parameters.promptTokens", said.PromptTokens, signed.PromptTokens);
        Sampling(said.Sampling, signed.Sampling, findings);
        findings.Same("parameters.maxTokens", said.MaxTokens, signed.MaxTokens);
        findings.Same("parameters.stopTokens", said.StopTokens, signed.StopTokens);
        findings.Same("parameters.stopStrings", said.StopStrings, signed.StopStrings);
        findings.Same("parameters.priceGrainsPerToken",
            Text(said.PriceGrainsPerToken), Text(signed.PriceGrainsPerToken));
        findings.Same("parameters.feeGrains", Text(said.FeeGrains), Text(signed.FeeGrains));
        findings.Same("parameters.createdUnix", said.CreatedUnix, signed.Created);
        findings.Same("parameters.deadlineUnix", said.DeadlineUnix, signed.Deadline);
        findings.Same("parameters.clientKey", said.ClientKey, signed.ClientKey.ToString());
        findings.Same("parameters.returnAddress", said.ReturnAddress, signed.ReturnAddress);
        findings.Same("parameters.verificationLevel", said.VerificationLevel, ReceiptWords.Of(signed.Verification));
        findings.Same("parameters.sampledPositions", said.SampledPositions, signed.SampledPositions);
        findings.Same("parameters.numericsClasses",
            said.NumericsClasses, [.. signed.NumericsClasses.Select(value => value.ToString())]);
        findings.Same("parameters.nonceHash", said.NonceHash, signed.NonceHash.ToString());
    }

    public static void Testament(ReceiptTestament said, Testament signed, Network network, FindingList findings)
    {
        findings.Same("testament.genesis", said.Genesis, signed.Genesis.ToString());
        findings.Same("testament.genesis", said.Genesis, network.GenesisHash.Value.ToString());
        findings.Same("testament.jobId", said.JobId, signed.JobId.ToString());
        findings.Same("testament.outputRoot", said.OutputRoot, signed.OutputRoot.ToString());
        findings.Same("testament.ciphertextRoot", said.CiphertextRoot, signed.CiphertextRoot.ToString());
        findings.Same("testament.chunkCount", said.ChunkCount, signed.ChunkCount);
        findings.Same("testament.tokenCount", said.TokenCount, signed.TokenCount);
        findings.Same("testament.finishReason", said.FinishReason, ReceiptWords.Of(signed.FinishReason));
        findings.Same("testament.nonce", said.Nonce, signed.Nonce.ToString());
        findings.Same("testament.numericsClass", said.NumericsClass, signed.NumericsClass.ToString());
        findings.Same("testament.keyHash", said.KeyHash, signed.KeyHash.ToString());
        findings.Same("testament.rewardAddress", said.RewardAddress,
            new Address(network.AddressVersion, signed.RewardAddress).ToString());
        findings.Same("testament.stakeId", said.StakeId, signed.Stake.ToString());
        findings.Same("testament.slashGrains", said.SlashGrains.ToString(Invariant), Text(signed.SlashGrains));
        findings.Same("testament.expiryUnix", said.ExpiryUnix, signed.Expiry);
        findings.Same("testament.hash", said.Hash, signed.Hash.ToString());
    }

    private static IFormatProvider Invariant => System.Globalization.CultureInfo.InvariantCulture;

    private static void Sampling(ReceiptSampling said, SamplingParameters signed, FindingList findings)
    {
        const string prefix = "parameters.sampling.";
        findings.Same(prefix + "temperatureMillionths", said.TemperatureMillionths, signed.TemperatureMillionths);
        findings.Same(prefix + "topPMillionths", said.TopPMillionths, signed.TopPMillionths);
        findings.Same(prefix + "topK", said.TopK, signed.TopK);
        findings.Same(prefix + "minPMillionths", said.MinPMillionths, signed.MinPMillionths);
        findings.Same(prefix + "repetitionPenaltyMillionths",
            said.RepetitionPenaltyMillionths, signed.RepetitionPenaltyMillionths);
        findings.Same(prefix + "presencePenaltyMillionths",
            said.PresencePenaltyMillionths, signed.PresencePenaltyMillionths);
        findings.Same(prefix + "frequencyPenaltyMillionths",
            said.FrequencyPenaltyMillionths, signed.FrequencyPenaltyMillionths);
        findings.Same(prefix + "logitBiases",
            [.. said.LogitBiases.Select(bias => $"{bias?.TokenId}:{bias?.BiasMillionths}")],
            [.. signed.LogitBiases.Select(bias => $"{bias.TokenId}:{bias.BiasMillionths}")]);
        findings.Same(prefix + "clientSeed", said.ClientSeed, signed.ClientSeed?.ToString());
    }

    private static string Text(ulong value) => value.ToString(Invariant);
}
