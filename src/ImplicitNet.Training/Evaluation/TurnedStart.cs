using ImplicitNet.Networks;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Training.Evaluation;

/// <summary>One of several ways to come to an answer: where the solve starts, and how what is solved is turned.</summary>
/// <remarks>
/// A path in a maze turns with the maze; a network that has learned to find paths answers accordingly, and one that guesses has no reason
/// to. Two starts of one maze lead to one wrong answer far more often.
/// </remarks>
/// <param name="Point">Where it starts.</param>
/// <param name="Symmetry">Turns the input; its inverse turns the answer back. Default: neither is turned.</param>
internal readonly record struct TurnedStart(StartingPoint Point, SquareSymmetry Symmetry = default);
