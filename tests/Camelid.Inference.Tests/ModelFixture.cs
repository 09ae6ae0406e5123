using System.Runtime.CompilerServices;
using Camelid.ModelRuntime;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;
using Camelid.Inference.Tests;

[assembly: AssemblyFixture(typeof(ModelFixture))]

namespace Camelid.Inference.Tests;

/// <summary>camelid-nano, loaded once.</summary>
public sealed class ModelFixture : IAsyncLifetime
{
    private LanguageModel? model;

    public LanguageModel Model => model ?? throw new InvalidOperationException("the fixture is not initialised");

    [ModuleInitializer]
    internal static void PrepareEnvironment() => NativeEnvironment.Prepare();

    public async ValueTask InitializeAsync()
    {
        ModelPackage package = await ModelPackage.OpenAsync(ModelPackage.EmbeddedFolder, CancellationToken.None);
        model = await LanguageModel.LoadAsync(package, new LanguageModelOptions { Slots = 2 }, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (model is not null)
        {
            await model.DisposeAsync();
        }
    }
}
