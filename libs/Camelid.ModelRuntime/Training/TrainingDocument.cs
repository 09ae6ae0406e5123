namespace Camelid.ModelRuntime.Training;

/// <summary>One text to learn: a conversation where it has turns, otherwise running text.</summary>
/// <param name="Turns">Who says what, in order.</param>
/// <param name="Text">The running text.</param>
internal sealed record TrainingDocument(IReadOnlyList<TrainingTurn> Turns, string Text);

/// <summary>What one party of a conversation says.</summary>
/// <param name="Role">system, user or assistant.</param>
/// <param name="Content">The words.</param>
internal readonly record struct TrainingTurn(string Role, string Content);
