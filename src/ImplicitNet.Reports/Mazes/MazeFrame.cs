namespace ImplicitNet.Reports.Mazes;

/// <summary>What a network says of a maze at one moment.</summary>
/// <param name="Caption">What moment that is; plain text.</param>
/// <param name="Shares">
/// For every pixel, row by row, the probability that it is on the path, 0 to 1; one that is not a number counts as 0. Empty where nothing
/// was said yet.
/// </param>
internal sealed record MazeFrame(string Caption, IReadOnlyList<double> Shares);
