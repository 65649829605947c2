namespace ImplicitNet.Reports.Drawing;

/// <summary>A colour by its role, so that one drawing serves light and dark pages; a theme says what it looks like.</summary>
/// <param name="Role">Its number in the themes.</param>
/// <param name="Opacity">Above 0, at most 1.</param>
internal readonly record struct ChartColour(int Role, double Opacity = 1)
{
    private const int FirstSeries = 4;
    private const int SeriesCount = 8;

    /// <summary>What a chart stands on.</summary>
    public static ChartColour Background => new(0);

    /// <summary>Titles, labels, lines that are no series.</summary>
    public static ChartColour Text => new(1);

    /// <summary>Axes and what is by the way.</summary>
    public static ChartColour Faint => new(2);

    /// <summary>Lines of the grid.</summary>
    public static ChartColour Grid => new(3);

    /// <summary>The first series: blue.</summary>
    public static ChartColour First => Series(0);

    /// <summary>The second series: orange.</summary>
    public static ChartColour Second => Series(1);

    /// <summary>The third series: purple.</summary>
    public static ChartColour Third => Series(2);

    /// <summary>What is well: green.</summary>
    public static ChartColour Good => Series(3);

    /// <summary>What is wrong: red.</summary>
    public static ChartColour Bad => Series(SeriesCount - 1);

    /// <summary>Walls of mazes.</summary>
    public static ChartColour Wall => new(FirstSeries + SeriesCount);

    /// <summary>One of many series; they begin anew after eight.</summary>
    public static ChartColour Series(int index) => new(FirstSeries + (index % SeriesCount));
}
