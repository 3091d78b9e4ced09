package io.sparkdiffusion.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class AiMarkTest {

  @Test
  void saysInXmpThatAModelMadeTheImage() throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setNamespaceAware(true);

    Document packet =
        factory.newDocumentBuilder().parse(new InputSource(new StringReader(AiMark.xmp())));

    assertThat(
            packet
                .getElementsByTagNameNS(
                    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "DigitalSourceType")
                .item(0)
                .getTextContent())
        .isEqualTo("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia");
    assertThat(AiMark.xmp())
        .startsWith("<?xpacket begin=\"\uFEFF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>")
        .endsWith("<?xpacket end=\"r\"?>");
  }
}
