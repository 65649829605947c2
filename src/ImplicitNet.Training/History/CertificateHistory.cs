namespace ImplicitNet.Training.History;

/// <summary>The certificates of a run, and the changes of its gradient.</summary>
/// <param name="Certificates">In the order of their steps.</param>
/// <param name="Changes">In the order of their steps.</param>
public sealed record CertificateHistory(IReadOnlyList<CertificateRecord> Certificates, IReadOnlyList<GradientChangeRecord> Changes)
{
    /// <summary>A history without certificates.</summary>
    public static CertificateHistory Empty { get; } = new([], []);

    /// <summary>Reads the certificates of a run.</summary>
    /// <param name="path">The history file of the run; it may be open for writing elsewhere.</param>
    /// <exception cref="InvalidDataException">
    /// A line other than an unfinished last one is not a record; the message gives its number.
    /// </exception>
    public static CertificateHistory Read(string path)
    {
        IReadOnlyList<HistoryRecord> records = RunHistory.Read(path);
        return new CertificateHistory(
            [.. records.Where(record => record.Kind == CertificateRecord.Kind).Select(CertificateRecord.FromHistory)],
            [.. records.Where(record => record.Kind == GradientChangeRecord.Kind).Select(GradientChangeRecord.FromHistory)]);
    }
}
