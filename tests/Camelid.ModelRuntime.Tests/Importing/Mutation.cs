namespace Camelid.ModelRuntime.Tests.Importing;

/// <summary>A way to spoil a model.</summary>
/// <param name="Name">What is done.</param>
/// <param name="Spoil">Does it to the model at a path (a folder, or a file).</param>
/// <param name="File">What the refusal must name; empty where chance decides what breaks.</param>
/// <param name="MayPass">True where chance may leave a model that is a model: then it must be imported whole.</param>
internal sealed record Mutation(string Name, Action<string> Spoil, string File = "", bool MayPass = false)
{
    public override string ToString() => Name;
}
