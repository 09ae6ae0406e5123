using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;
using Camelid.ModelRuntime.Verification;
using Camelid.Protocol;

namespace Camelid.ModelRuntime;

/// <summary>A loaded model: tokenizer, engine and verifier over one checked package.</summary>
public sealed class LanguageModel : IAsyncDisposable
{
    private int disposals;

    private LanguageModel(ModelPackage package, ModelTokenizer tokenizer, Hash256 numericsClass)
    {
        Package = package;
        Tokenizer = tokenizer;
        NumericsClass = numericsClass;
    }

    /// <summary>The package.</summary>
    public ModelPackage Package { get; }

    /// <summary>Text to tokens and back.</summary>
    public ModelTokenizer Tokenizer { get; }

    /// <summary>Machines of one class compute equal logits, bit for bit.</summary>
    public Hash256 NumericsClass { get; }

    /// <summary>Generates.</summary>
    public required GenerationEngine Engine { get; init; }

    /// <summary>Recomputes what somebody generated.</summary>
    public required OutputVerifier Verifier { get; init; }

    /// <summary>
    /// Loads a model, measures its numerics class, and checks that this machine computes slots independently.
    /// </summary>
    /// <exception cref="InvalidOperationException">The environment or the machine cannot give repeatable
    /// results.</exception>
    /// <exception cref="ModelPackageException">The package is not complete.</exception>
    public static Task<LanguageModel> LoadAsync(
        ModelPackage package, LanguageModelOptions options, CancellationToken cancellationToken) =>
        Task.Run(() => Load(package, options, cancellationToken), cancellationToken);

    /// <summary>
    /// Drains the engine and frees the model. Safe to repeat: containers dispose what they see twice, twice.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposals, 1) != 0)
        {
            return;
        }

        await Engine.DisposeAsync();
        await Verifier.DisposeAsync();
        Tokenizer.Dispose();
    }

    private static LanguageModel Load(
        ModelPackage package, LanguageModelOptions options, CancellationToken cancellationToken)
    {
        NativeEnvironment.Require();
        SlotSession batched = new(package, options.Slots, options.Threads);
        SlotSession single = new(package, slots: 1, options.Threads);
        cancellationToken.ThrowIfCancellationRequested();
        NumericsProbe probe = new(package.Manifest);
        Hash256 digest = probe.Digest(single);
        if (probe.Digest(batched) != digest)
        {
            throw new InvalidOperationException(
                "this machine's results depend on what is computed beside them, so no verifier could repeat them; "
                + "report the processor and the version of ONNX Runtime to the Camelid project");
        }

        ModelTokenizer tokenizer = ModelTokenizer.Open(package);
        return new LanguageModel(package, tokenizer, NumericsProbe.NumericsClass(package, digest))
        {
            Engine = new GenerationEngine(package.Manifest, tokenizer, batched, options),
            Verifier = new OutputVerifier(package.Manifest, tokenizer, single),
        };
    }
}
