using System.Globalization;
using ImplicitNet.Cli.Images;

namespace ImplicitNet.Cli;

/// <summary>
/// Reasons to doubt an answer that are measured and not guessed. A picture of something else altogether may give none: a network answers
/// with one of its classes, whatever it is shown.
/// </summary>
internal static class Doubts
{
    /// <summary>The two likeliest classes are less than a half apart.</summary>
    public const string Margin = "Margin";

    /// <summary>There is less or more ink than in any digit that it could have learned from.</summary>
    public const string Ink = "Ink";

    /// <summary>The strokes are thinner or thicker than in any of them.</summary>
    public const string StrokeWidth = "StrokeWidth";

    private const double LeastMargin = 0.5;

    /// <summary>The reasons for an answer.</summary>
    public static IReadOnlyList<string> Of(PredictionResult.Prediction prediction)
    {
        List<string> doubts = [];
        if (prediction.Margin < LeastMargin)
        {
            doubts.Add(Margin);
        }

        if (IsOutside(prediction.Ink, InkMeasure.UsualShare))
        {
            doubts.Add(Ink);
        }

        if (IsOutside(prediction.StrokeWidth, InkMeasure.UsualStrokeWidth))
        {
            doubts.Add(StrokeWidth);
        }

        return doubts;
    }

    /// <summary>A reason in words.</summary>
    public static string Words(string doubt, PredictionResult.Prediction prediction) => doubt switch
    {
        Ink => string.Create(
            CultureInfo.InvariantCulture,
            $"{100 * prediction.Ink:0} % of the field is ink; digits have {Range(InkMeasure.UsualShare, 100)} %"),
        StrokeWidth => string.Create(
            CultureInfo.InvariantCulture,
            $"strokes {prediction.StrokeWidth:0.0} pixels wide; digits have strokes of {Range(InkMeasure.UsualStrokeWidth, 1)}"),
        _ => "two answers are near",
    };

    private static bool IsOutside(double? value, (double Least, double Most) range) => value < range.Least || value > range.Most;

    private static string Range((double Least, double Most) range, double unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{unit * range.Least:0.#} to {unit * range.Most:0.#}");
}
