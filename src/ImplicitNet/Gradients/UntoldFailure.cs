namespace ImplicitNet.Gradients;

/// <summary>The failures inside backward passes of a layer that nobody was told of yet, one for every report.</summary>
internal sealed class UntoldFailure
{
    private readonly Lock _lock = new();
    private readonly List<(GradientReport Report, Exception Failure)> _failures = [];

    /// <summary>There was one.</summary>
    public void Put(GradientReport report, Exception failure)
    {
        lock (_lock)
        {
            if (!_failures.Exists(entry => entry.Report == report))
            {
                _failures.Add((report, failure));
            }
        }
    }

    /// <summary>The report told it itself.</summary>
    public void Take(GradientReport report)
    {
        lock (_lock)
        {
            _failures.RemoveAll(entry => entry.Report == report);
        }
    }

    /// <summary>Tells the first, when there is one, and forgets them all: the others most likely follow from it.</summary>
    /// <exception cref="InvalidOperationException">There is one.</exception>
    public void Throw()
    {
        lock (_lock)
        {
            if (_failures.Count > 0)
            {
                (GradientReport report, Exception first) = _failures[0];
                _failures.Clear();
                throw report.Thrown(first);
            }
        }
    }
}
