namespace ImplicitNet.Training.Data;

/// <summary>How far the download of one file has come.</summary>
/// <param name="FileName">The file, without its folder.</param>
/// <param name="Source">Where it is read from at present; a new source begins again at 0.</param>
/// <param name="BytesReceived">Bytes received from that source.</param>
/// <param name="BytesExpected">Bytes that the source announced; null where it announced none.</param>
public readonly record struct DownloadProgress(string FileName, Uri Source, long BytesReceived, long? BytesExpected);
