using ImplicitNet.Reports.Drawing;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Reports.Mazes;

/// <summary>A maze at several moments of its solve, side by side, each with its caption.</summary>
/// <param name="title">The title, which is also drawn.</param>
/// <param name="description">What is seen, for those who cannot see it.</param>
/// <param name="maze">The maze.</param>
/// <param name="frames">At least one, in order.</param>
internal sealed class MazeFigure(string title, string description, Maze maze, params IReadOnlyList<MazeFrame> frames)
    : Figure(title, description)
{
    /// <summary>The maze.</summary>
    public Maze Maze => maze;

    /// <summary>The moments.</summary>
    public IReadOnlyList<MazeFrame> Frames => frames;

    /// <summary>Whether the last moment shows what is wrong in it; the maze's path must be the only one then. Not by default.</summary>
    public bool MarksMistakes { get; init; }

    /// <inheritdoc/>
    public override bool IsBroad => frames.Count > 1;

    /// <inheritdoc/>
    protected override FigureLayout Place(double width) => new MazeLayout(this, width);
}
